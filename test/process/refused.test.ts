/** The built gateway as a process that can't start: what it says, and how it ends. */
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { Client } from 'pg';
import { atEnd } from '../helpers/at-end';
import { DEPLOYED_ENV, makeDeployment, makeFolder } from '../helpers/deployment';
import { eventually } from '../helpers/eventually';
import { START } from '../helpers/gateway-process';
import { startProcess } from '../helpers/processes';
import { freePort } from '../helpers/free-port';
import { startPostgres, type PostgresServer } from '../helpers/postgres';
import { makeDataDir, withPostgres } from '../helpers/stores';

type Env = Record<string, string>;

const linesOf = ({ stderr }: { stderr: string }): string[] => stderr.split('\n').slice(0, -1);

/** What a gateway that doesn't start leaves, in an empty folder, on a free port: its exit code and every line that it wrote. */
async function refusal(env: Env, cwd = makeFolder(), script = START) {
  const environment = { PORT: '0', DATA_DIR: makeDataDir(), ...env };
  const child = startProcess(process.execPath, [script], { cwd, env: environment });
  const code = await child.exit;
  expect(child.output.stdout).toBe('');
  expect(child.output.stderr).toMatch(/\n$/);
  return { code, lines: linesOf(child.output) };
}

/** Without the rights of root, which may do everything. */
function unprivileged(): [command: string, ...args: string[]] {
  if (process.getuid?.() !== 0) return [process.execPath];
  // Not another user: that one may not look into the folder where this project is, as below `mktemp -d` or /root.
  const rights = '-dac_override,-dac_read_search,-net_bind_service';
  return ['setpriv', `--bounding-set=${rights}`, '--inh-caps=-all', process.execPath];
}

async function refusalOfUser(env: Env) {
  const [command, ...args] = unprivileged();
  const child = startProcess(command, [...args, path.join('dist', 'main.js')], { env: { PORT: '0', ...env } });
  return { code: await child.exit, lines: linesOf(child.output) };
}

/** Containers may let everybody listen everywhere. */
const LOW_PORTS = '/proc/sys/net/ipv4/ip_unprivileged_port_start';
const hasLowPorts = existsSync(LOW_PORTS) && Number(readFileSync(LOW_PORTS, 'utf8')) > 1;

describe('what this user may not use is named', () => {
  it('DATA_DIR', async () => {
    const folder = makeFolder();
    chmodSync(folder, 0o500);
    expect(await refusalOfUser({ DATA_DIR: folder })).toEqual({
      code: 1,
      lines: ['DATA_DIR must be a directory that this user may read and write (EACCES)'],
    });
  });

  (hasLowPorts ? it : it.skip).each(['PORT', 'METRICS_PORT'])('%s', async (variable) => {
    const folder = makeFolder();
    chmodSync(folder, 0o777);
    const { code, lines } = await refusalOfUser({ DATA_DIR: folder, [variable]: '1', LOG_LEVEL: 'silent' });
    expect({ code, lines }).toEqual({
      code: 1,
      lines: [`${variable} may not be used by this user; set one above 1023`],
    });
  });
});

describe('a start that fails says why in one line each on standard error, and exits 1', () => {
  it('a taken port', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    atEnd(() => new Promise((resolve) => other.close(() => resolve())));
    const { port } = other.address() as AddressInfo;
    expect(await refusal({ PORT: String(port) })).toEqual({
      code: 1,
      lines: ['HOST and PORT are taken by another process; set another PORT, or 0 for a free one'],
    });
  });

  it('several wrong variables, in .env and outside', async () => {
    const cwd = makeFolder();
    writeFileSync(path.join(cwd, '.env'), 'GENAUTH_LANG=canary\nGENAUTH_ACCESS_KEY_SECRET=canary\n');
    expect(await refusal({ PORT: 'canary', HOST: '0.0.0.0' }, cwd)).toEqual({
      code: 1,
      lines: [
        'PORT must be a whole number',
        'GENAUTH_LANG must be en-US, zh-CN, ja-JP or zh-TW',
        'GENAUTH_ACCESS_KEY_ID and GENAUTH_ACCESS_KEY_SECRET must be set both or neither',
        'HOST must be a loopback address while callers need no token',
      ],
    });
  });

  it.each([
    ['http://collector:4318 ', ['must not contain spaces, a query or a fragment']],
    [
      'http://me:canary@collector:4318 ',
      ['must not contain a password', 'must not contain spaces, a query or a fragment'],
    ],
  ])(
    'an address of a collector that is none once a path is put behind it, without repeating it',
    async (address, faults) => {
      const lines = faults.map((fault) => `OTEL_EXPORTER_OTLP_ENDPOINT ${fault}`);
      expect(await refusal({ OTEL_EXPORTER_OTLP_ENDPOINT: address })).toEqual({ code: 1, lines });
    },
  );

  it.each([
    ['a file', '', 'DATA_DIR must be a directory, and is a file (EEXIST)'],
    ['below a file', '/data', 'DATA_DIR must be a directory, and a part of it is a file (ENOTDIR)'],
  ])('DATA_DIR that is %s', async (_name, below, line) => {
    const file = path.join(makeFolder(), 'file');
    writeFileSync(file, '');
    expect(await refusal({ DATA_DIR: file + below })).toEqual({ code: 1, lines: [line] });
  });

  it('DATA_DIR with something else in it', async () => {
    const folder = makeFolder();
    mkdirSync(path.join(folder, 'postgres'));
    writeFileSync(path.join(folder, 'postgres', 'PG_VERSION'), '9');
    expect(await refusal({ DATA_DIR: folder })).toEqual({
      code: 1,
      lines: ['DATA_DIR holds no database that can be opened'],
    });
  });

  it('.env that cannot be read', async () => {
    const cwd = makeFolder();
    mkdirSync(path.join(cwd, '.env'));
    expect(await refusal({}, cwd)).toEqual({ code: 1, lines: ['.env cannot be read (EISDIR)'] });
  });

  it('production without keys, and whatever else is wrong', async () => {
    const cwd = makeFolder();
    writeFileSync(path.join(cwd, '.env'), 'GENAUTH_ACCESS_KEY_ID=id\nGENAUTH_ACCESS_KEY_SECRET=secret\n');
    expect(
      await refusal({ NODE_ENV: 'production', GENAUTH_HOST: 'http://api.genauth.ai', CORS_ORIGINS: '*' }, cwd),
    ).toEqual({
      code: 1,
      lines: [
        'GENAUTH_HOST must begin with https:// (http:// on loopback only)',
        'CORS_ORIGINS must list exact origins such as https://admin.example.com; wildcards are refused',
        'GENAUTH_ACCESS_KEY_ID and GENAUTH_ACCESS_KEY_SECRET are required in production',
        'AUTH_ISSUER and AUTH_AUDIENCE are required in production',
        'DATABASE_URL is required in production',
        'METRICS_PORT is required in production',
      ],
    });
  });

  it.each(['--help', '--port=1', 'canary'])('with the argument %s', async (argument) => {
    const child = startProcess(process.execPath, [START, argument], { cwd: makeFolder(), env: { PORT: '0' } });
    expect(await child.exit).toBe(2);
    expect(child.output.stdout).toBe('');
    expect(linesOf(child.output)).toEqual([
      '`npm start` takes no arguments: what can be set is in the environment (README, Configuration).',
    ]);
  });

  it.each(['production', 'development'])(
    '%s without a build and without the compiler names the command',
    async (mode) => {
      const folder = makeDeployment({ hasBuild: false });
      const env = { ...DEPLOYED_ENV, NODE_ENV: mode };
      expect(await refusal(env, folder, path.join(folder, 'src', 'start.cjs'))).toEqual({
        code: 1,
        lines: ['There is no build of the gateway: run `npm ci --include=dev && npm run build` first.'],
      });
    },
  );
});

withPostgres('a database that can not be used is no riddle', () => {
  // Of its own: others may ask for passwords, or speak TLS.
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
    atEnd(() => server.stop());
  });

  const lineOf = (why: string): string => `the database is not reachable, or refuses this gateway${why}`;
  it.each<[string, (url: URL) => void, string]>([
    ['of another name', (url) => (url.pathname = '/canary'), ' (3D000): it has no database of that name'],
    ['for other users', (url) => (url.username = 'canary'), ' (28000): it does not let this user in'],
    ['without TLS', (url) => url.searchParams.set('sslmode', 'verify-full'), ': it does not speak TLS'],
    [
      'with a file that is not there',
      (url) => url.searchParams.set('sslrootcert', '/canary'),
      ' (ENOENT): a file that DATABASE_URL names can not be read',
    ],
  ])('%s', async (_name, change, why) => {
    const url = new URL(server.url);
    url.password = 'canary';
    change(url);
    expect(await refusal({ DATABASE_URL: url.href, LOG_LEVEL: 'silent' })).toEqual({ code: 1, lines: [lineOf(why)] });
  });

  it('of another encoding', async () => {
    const client = new Client({ connectionString: server.url });
    await client.connect();
    await client.query(`create database latin encoding 'LATIN1' lc_collate 'C' lc_ctype 'C' template template0`);
    await client.end();
    const url = new URL(server.url);
    url.pathname = '/latin';
    expect(await refusal({ DATABASE_URL: url.href, LOG_LEVEL: 'silent' })).toEqual({
      code: 1,
      lines: ['the database must have the encoding UTF8, and has LATIN1'],
    });
  });

  it('that is not there: the log says why it waits', async () => {
    const DATABASE_URL = `postgres://gateway:canary@127.0.0.1:${await freePort()}/gateway`;
    const child = startProcess(process.execPath, [START], { cwd: makeFolder(), env: { PORT: '0', DATABASE_URL } });
    await eventually(() => child.output.stderr.includes('"msg":"the database is not there yet"'));
    expect(child.output.stderr).toContain('"reason":"(ECONNREFUSED): nobody listens at its address"');
    expect(child.output.stderr).not.toContain('canary');
    child.signal('SIGINT');
    await child.exit;
  });
});
