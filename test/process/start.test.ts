/** The built gateway as a process: what it prints, how it ends. */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { Agent, request, type IncomingMessage } from 'node:http';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { DEPLOYED_ENV, makeDeployment, makeFolder } from '../helpers/deployment';
import { eventually } from '../helpers/eventually';
import { execute, kick, operation } from '../helpers/execute';
import { startTestIssuer } from '../helpers/issuer';
import { ROOT, runProcess, startProcess, type Child } from '../helpers/processes';
import { acceptedJob } from '../jobs/jobs';
import { makeDataDir, makeStore, withPostgres } from '../helpers/stores';
import { environmentFor, startTestEmulator } from '../helpers/start-app';

const START = path.join(ROOT, 'src', 'start.cjs');
type Env = Record<string, string>;

/** In an empty folder, on a free port. */
const start = (env: Env = {}, cwd = makeFolder(), script = START): Child =>
  startProcess(process.execPath, [script], { cwd, env: { PORT: '0', DATA_DIR: makeDataDir(), ...env } });

const addressOf = async (child: Child): Promise<{ url: string }> => {
  const [, url = ''] = await child.stdoutMatching(/^ {2}GraphQL {2}(http:\/\/\S+)\/graphql$/m);
  return { url };
};

const startEmulated = async (env: Env = {}) => {
  const genauth = await startTestEmulator();
  const child = start({ ...(environmentFor(genauth) as Env), ...env });
  const { demoUser, demoApp } = genauth.directory;
  return { genauth, child, ...(await addressOf(child)), input: { userId: demoUser.userId, appIds: [demoApp.appId] } };
};

describe('a start with nothing set', () => {
  let child: Child;
  let app: { url: string };
  beforeAll(async () => {
    child = start();
    app = await addressOf(child);
    await child.stdoutMatching(/^curl (.|\n)*\n\n/m);
  });

  it('prints the addresses and what it runs on, and warns of the open door', () => {
    const { stdout } = child.output;
    expect(stdout).toContain(`  Sandbox  ${app.url}/\n`);
    expect(stdout).toMatch(/^ {2}GenAuth {2}http:\/\/127\.0\.0\.1:\d+ \(the embedded emulator: /m);
    expect(stdout).toMatch(/^WARNING: callers need no token/m);
    expect(stdout).not.toMatch(/\u001b/);
  });

  it('logs to standard error, as JSON, and nothing of it to standard output', async () => {
    await execute(app, '{ __typename }');
    await eventually(() => child.output.stderr.includes('"msg":"operation"'));
    const records = child.output.stderr
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(records.map(({ level, msg }) => [level, msg]).slice(0, 2)).toEqual([
      [40, 'callers need no token: every caller is the principal "developer" with all scopes'],
      [30, 'started'],
    ]);
    expect(records[1]).toMatchObject({ url: app.url });
    expect(child.output.stdout).not.toMatch(/"level"|"msg"/);
  });

  it('prints a curl line that kicks a user when pasted into bash', async () => {
    const [pasted = ''] = /^curl (?:.*\\\n)*.*/m.exec(child.output.stdout) ?? [];
    expect(pasted.split('\n').length).toBeGreaterThan(1);
    const { code, stdout, stderr } = await runProcess('bash', ['-c', pasted]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout).data.kickUsers).toMatchObject({ __typename: 'KickUsersSuccess', success: true });
  });
});

describe('a start with an issuer', () => {
  it('may listen on every address, warns of nothing, and prints a curl line that takes the token from TOKEN', async () => {
    const issuer = await startTestIssuer('ES256');
    const child = start({ ...issuer.environment, HOST: '0.0.0.0' });
    await child.stdoutMatching(/^curl (.|\n)*\n\n/m);
    expect(child.output.stdout).not.toMatch(/WARNING/);
    expect(child.output.stdout).toMatch(/^Force a demo user offline, with a token that has the scope .* in TOKEN:$/m);
    const [pasted = ''] = /^curl (?:.*\\\n)*.*/m.exec(child.output.stdout) ?? [];
    expect(pasted).toContain('-H "authorization: Bearer $TOKEN"');
    const { stdout } = await runProcess('bash', ['-c', pasted], { env: { TOKEN: await issuer.issue() } });
    expect(JSON.parse(stdout).data.kickUsers).toMatchObject({ __typename: 'KickUsersSuccess', success: true });
    const refused = await runProcess('bash', ['-c', pasted]);
    expect(JSON.parse(refused.stdout)).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
    expect(child.output.stderr).not.toContain('callers need no token');
  });

  it('that is down starts all the same, and says so in the log', async () => {
    const issuer = await startTestIssuer('ES256');
    await issuer.stop();
    const child = start(issuer.environment);
    expect((await execute(await addressOf(child), '{ __typename }')).status).toBe(401);
    await eventually(() => child.output.stderr.includes('"level":50'));
    expect(child.output.stderr).toContain('every caller is refused');
  });
});

it('.env in the folder that it is started in is read', async () => {
  const cwd = makeFolder();
  writeFileSync(path.join(cwd, '.env'), 'LOG_LEVEL=silent\nHOST=::1\n');
  const child = start({ HOST: '127.0.0.1' }, cwd);
  const app = await addressOf(child);
  await execute(app, '{ __typename }');
  expect({ host: new URL(app.url).hostname, stderr: child.output.stderr }).toEqual({ host: '127.0.0.1', stderr: '' });
});

withPostgres('production', () => {
  it('runs on a build without development packages, and has no Sandbox', async () => {
    const folder = makeDeployment({ hasBuild: true });
    const genauth = await startTestEmulator();
    const issuer = await startTestIssuer('ES256');
    const env = { ...(environmentFor(genauth) as Env), ...issuer.environment, ...DEPLOYED_ENV };
    Object.assign(env, { DATABASE_URL: (await makeStore('postgres')).url, METRICS_PORT: '0' });
    const child = start(env, folder, path.join(folder, 'src', 'start.cjs'));
    const app = await addressOf(child);
    const { demoUser, demoApp } = genauth.directory;
    const token = await issuer.issue();
    const payload = await kick(app, { userId: demoUser.userId, appIds: [demoApp.appId] }, { token });
    expect(payload).toMatchObject({ __typename: 'KickUsersSuccess' });
    expect((await fetch(app.url)).status).toBe(404);
    expect(child.output.stdout).not.toMatch(/Sandbox|curl|WARNING/);
    const introspection = await execute(app, '{ __schema { queryType { name } } }', {}, { token });
    expect(introspection.status).toBe(400);
    expect(introspection.data ?? null).toBeNull();
  });
});

describe('the end', () => {
  it('after SIGTERM it is not ready, serves on with Connection: close, answers what is under way, and exits 0', async () => {
    const { genauth, child, input, ...app } = await startEmulated({ SHUTDOWN_GRACE_MS: '5000' });
    genauth.faults.next({ kind: 'delay', ms: 7000 });
    const underWay = kick(app, input);
    await eventually(() => genauth.receivedCount() === 1);
    child.signal('SIGTERM');

    const ready = await eventually(
      () => fetch(`${app.url}/readyz`),
      ({ status }) => status === 503,
    );
    expect(await ready.json()).toMatchObject({ ready: false, reasons: ['SHUTTING_DOWN'] });
    expect(ready.headers.get('connection')).toBe('close');
    const late = await execute(app, '{ __typename }');
    expect(late).toMatchObject({ status: 200, data: { __typename: 'Query' } });
    expect(late.headers.get('connection')).toBe('close');
    expect((await fetch(`${app.url}/healthz`)).status).toBe(200);

    expect(await underWay).toMatchObject({ __typename: 'KickUsersSuccess' });
    expect(await child.exit).toBe(0);
    expect(child.output.stderr).toContain('"msg":"stopped"');
    await expect(fetch(app.url)).rejects.toThrow();
  });

  it('those who watch a job are left to watch it elsewhere, and hold nothing up', async () => {
    // Nothing of the end may wait for this.
    const { genauth, child, ...app } = await startEmulated({ SHUTDOWN_GRACE_MS: '300', GENAUTH_TIMEOUT_MS: '3600000' });
    // The job is not over when the stream is.
    genauth.faults.always({ kind: 'delay', ms: 3000 });
    const userIds = genauth.directory.users.map(({ userId }) => userId);
    const id = await acceptedJob(app, { userIds, appIds: app.input.appIds });
    // A connection that its client keeps for the next request, as browsers do; fetch gives it up after seconds.
    const agent = new Agent({ keepAlive: true });
    const headers = { 'content-type': 'application/json', accept: 'text/event-stream' };
    const watching = request(`${app.url}/graphql/stream`, { method: 'POST', headers, agent });
    watching.end(JSON.stringify({ query: operation('kick-job-progress'), variables: { id } }));
    const [watched] = (await once(watching, 'response')) as [IncomingMessage];
    const events = text(watched);
    await eventually(() => genauth.receivedCount() > 0);
    child.signal('SIGTERM');
    expect(await events).toMatch(/event: next\n/);
    expect(await events).not.toContain('event: complete');
    expect(await child.exit).toBe(0);
  });

  it('a second signal ends it at once, whatever is under way', async () => {
    const { genauth, child, input, ...app } = await startEmulated({ SHUTDOWN_GRACE_MS: '60000' });
    genauth.faults.next({ kind: 'never' });
    const underWay = kick(app, input).catch(() => 'cut off');
    await eventually(() => genauth.receivedCount() === 1);
    child.signal('SIGTERM');
    await eventually(
      () => fetch(`${app.url}/readyz`),
      ({ status }) => status === 503,
    );
    // Those of the first second are echoes of the first.
    const again = setInterval(() => child.signal('SIGTERM'), 100);
    expect(await child.exit).toBe(1);
    clearInterval(again);
    expect(await underWay).toBe('cut off');
  });

  it('SIGINT comes from a person, who does not wait for the grace', async () => {
    const { child } = await startEmulated({ SHUTDOWN_GRACE_MS: '600000' });
    child.signal('SIGINT');
    expect(await child.exit).toBe(0);
  });

  it.each(['SIGABRT', 'SIGSEGV', 'SIGBUS'] as const)(
    '%s, which a broken process sends itself, kills it',
    async (signal) => {
      const { child } = await startEmulated({});
      child.signal(signal);
      expect(await child.exit).toBe(signal);
    },
  );

  it('a grace longer than any timer is as long as a timer can be', async () => {
    const { child, ...app } = await startEmulated({ SHUTDOWN_GRACE_MS: `1${'0'.repeat(30)}` });
    child.signal('SIGTERM');
    await eventually(
      () => fetch(`${app.url}/readyz`),
      ({ status }) => status === 503,
    );
    expect((await fetch(`${app.url}/healthz`)).status).toBe(200);
    expect(child.output.stderr).not.toContain('TimeoutOverflowWarning');
  });
});
