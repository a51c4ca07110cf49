/** Signals to npm, which stands between a supervisor or a terminal and what it runs. */
import { connect } from 'node:net';
import { eventually } from '../helpers/eventually';
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
