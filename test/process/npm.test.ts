/** Signals to npm, which stands between a supervisor or a terminal and what it runs. */
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { eventually } from '../helpers/eventually';
import { makeFolder } from '../helpers/deployment';
import { startProcess } from '../helpers/processes';
import { makeDataDir } from '../helpers/stores';

const isTaken = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1').once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });

const PROGRAMS = {
  start: /^ {2}GraphQL {2}http:\/\/127\.0\.0\.1:(\d+)\/graphql$/m,
  emulator: /listening on http:\/\/127\.0\.0\.1:(\d+)$/m,
};

describe.each(Object.entries(PROGRAMS))('npm run %s', (script, address) => {
  const begin = async () => {
    const env = { PORT: '0', DATA_DIR: makeDataDir(), SHUTDOWN_GRACE_MS: '500' };
    const npm = startProcess('npm', ['run', script], { env });
    const [, port = ''] = await npm.stdoutMatching(address);
    return { npm, port: Number(port) };
  };

  it('ends well when npm alone is sent SIGTERM, and leaves nothing behind', async () => {
    const { npm, port } = await begin();
    npm.signal('SIGTERM');
    expect(await npm.exit).toBe(0);
    expect(await isTaken(port)).toBe(false);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('ends well when the whole group is sent %s', async (signal) => {
    const { npm, port } = await begin();
    npm.signalGroup(signal);
    expect(await npm.exit).toBe(0);
    expect(await isTaken(port)).toBe(false);
  });
});

it('a gateway that is sent the same signal twice at once was asked once', async () => {
  const env = { PORT: '0', DATA_DIR: makeDataDir(), SHUTDOWN_GRACE_MS: '500' };
  const gateway = startProcess(process.execPath, ['src/start.cjs'], { env });
  await gateway.stdoutMatching(PROGRAMS.start);
  gateway.signal('SIGTERM');
  await eventually(() => gateway.output.stderr.includes('"msg":"stopping"'));
  gateway.signal('SIGTERM');
  expect(await gateway.exit).toBe(0);
  expect(gateway.output.stderr).toContain('"msg":"stopped"');
});

describe('memory for young objects', () => {
  /** What Node is told when npm starts the gateway; the argument, which there isn't, ends it at once. */
  const optionsOf = async (env: Record<string, string>, own = ''): Promise<string[]> => {
    const tell = path.join(makeFolder(), 'tell.cjs');
    const isGateway = `process.argv[1].endsWith('start.cjs')`;
    writeFileSync(tell, `if (${isGateway}) process.stdout.write('told: ' + process.env.NODE_OPTIONS + '\\n');`);
    const load = `--require=${tell}`;
    const npm = startProcess('npm', ['start', '--', 'x'], { env: { ...env, NODE_OPTIONS: `${load} ${own}` } });
    expect(await npm.exit).toBe(2);
    const [, told = ''] = /^told: (.*)$/m.exec(npm.output.stdout) ?? [];
    expect(told).toContain(load);
    return told.split(' ').filter((option) => option !== '' && option !== load);
  };
  const onPostgres = { DATABASE_URL: 'postgres://db.example.com/gateway' };

  it('there is more of it on PostgreSQL', async () => {
    expect(await optionsOf(onPostgres)).toEqual(['--max-semi-space-size=32']);
  });

  it('the embedded store leaves none', async () => {
    expect(await optionsOf({})).toEqual([]);
  });

  it("an operator's own word comes after ours, so it is the one that counts", async () => {
    const options = await optionsOf(onPostgres, '--max-semi-space-size=8');
    expect(options).toEqual(['--max-semi-space-size=32', '--max-semi-space-size=8']);
  });
});
