/** /healthz and /readyz: does it live, can it serve, and why not. */
import { connect } from 'node:net';
import { ErrorCode } from '../../src/errors';
import type { Database } from '../../src/store/database';
import { GenAuthClient } from '../../src/genauth/client';
import { KeyHealth } from '../../src/genauth/key-health';
import { atEnd } from '../helpers/at-end';
import { eventually } from '../helpers/eventually';
import { execute, kick } from '../helpers/execute';
import { startPostgres } from '../helpers/postgres';
import { startTestApp, type TestApp } from '../helpers/start-app';
import { sharedStore, withPostgres } from '../helpers/stores';

const KICK_PATH = '/api/v3/kick-users';
const CHECK_PATH = '/api/v3/list-application-simple-info';
/** What GenAuth says of a key that it doesn't know. */
const REFUSAL = { kind: 'envelope', statusCode: 401, apiCode: 1300 } as const;

const READY = { status: 200, body: { ready: true, reasons: [], notes: [] } };
const REFUSED = { status: 503, body: { ready: false, reasons: ['GENAUTH_KEY_REFUSED'], notes: [] } };

async function readinessOf(app: TestApp) {
  const response = await fetch(`${app.url}/readyz`);
  return { status: response.status, body: (await response.json()) as object };
}

const kickDemoUser = ({ url, genauth: { directory } }: TestApp): Promise<Record<string, unknown>> =>
  kick({ url }, { userId: directory.demoUser.userId, appIds: [directory.demoApp.appId] });

it('a gateway that has just started lives and is ready, and has not called GenAuth to know it', async () => {
  const app = await startTestApp();
  expect(await (await fetch(`${app.url}/healthz`)).json()).toEqual({ alive: true });
  expect(await readinessOf(app)).toEqual(READY);
  expect(app.genauth.receivedCount()).toBe(0);
});

it('however many ask, the database has one question at a time to answer', async () => {
  const database = await sharedStore();
  let questions = 0;
  let answer = (): void => undefined;
  const held = new Promise<void>((resolve) => (answer = resolve));
  const query: Database['query'] = async (sql, parameters) => {
    if (sql.includes('transaction_read_only') && ++questions === 1) await held;
    return database.query(sql, parameters);
  };
  const app = await startTestApp({}, undefined, { ...database, query });
  const asked = await Promise.all(Array.from({ length: 20 }, () => readinessOf(app)));
  for (const { body } of asked) expect(body).toMatchObject({ reasons: ['DATABASE_UNREACHABLE'] });
  expect(questions).toBe(1);
  answer();
  expect(await eventually(() => readinessOf(app), ({ status }) => status === 200)).toEqual(READY); // prettier-ignore
});

describe('a key that GenAuth refuses', () => {
  it('makes it unready, not dead, and kicks are still tried', async () => {
    const app = await startTestApp({ GENAUTH_ACCESS_KEY_SECRET: 'not-the-secret' });
    for (const calls of [1, 2]) {
      expect(await kickDemoUser(app)).toMatchObject({ code: 'UPSTREAM_REFUSED_CREDENTIALS', retryable: false });
      expect(app.genauth.receivedCount(KICK_PATH)).toBe(calls);
      expect(await readinessOf(app)).toEqual(REFUSED);
    }
    expect((await fetch(`${app.url}/healthz`)).status).toBe(200);
    expect(app.logs).toContainEqual(expect.objectContaining({ level: 50, msg: 'GenAuth refuses our key' }));
  });

  it.each<[string, (app: TestApp) => Promise<unknown>, string]>([
    ['kick that succeeds', kickDemoUser, 'KickUsersSuccess'],
    ['kick of a user whom GenAuth does not know', ({ url }) => kick({ url }, { userId: 'nobody', appIds: ['x'] }), 'KickUsersError'], // prettier-ignore
  ])('is forgotten by a later %s', async (_name, kickLater, member) => {
    const app = await startTestApp();
    app.genauth.faults.next(REFUSAL);
    await kickDemoUser(app);
    expect(await readinessOf(app)).toEqual(REFUSED);
    expect(await kickLater(app)).toMatchObject({ __typename: member });
    expect(await readinessOf(app)).toEqual(READY);
  });

  it('is asked about again every 10 seconds by one cheap read, until GenAuth takes it', async () => {
    const app = await startTestApp();
    const asked = jest.spyOn(GenAuthClient.prototype, 'checkKey');
    const timers = jest.useFakeTimers({ doNotFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate', 'nextTick', 'queueMicrotask', 'performance', 'hrtime', 'Date'] }); // prettier-ignore
    try {
      app.genauth.faults.next(REFUSAL);
      app.genauth.faults.next(REFUSAL, 1, CHECK_PATH);
      await kickDemoUser(app);
      const checks = () => app.logs.filter(({ path }) => path === CHECK_PATH).length;
      timers.advanceTimersByTime(9999);
      expect(asked).toHaveBeenCalledTimes(0);
      timers.advanceTimersByTime(1);
      expect(asked).toHaveBeenCalledTimes(1);
      await eventually(() => checks() === 1);
      expect(await readinessOf(app)).toEqual(REFUSED);
      timers.advanceTimersByTime(10_000);
      await eventually(() => checks() === 2);
      expect(await readinessOf(app)).toEqual(READY);
      timers.advanceTimersByTime(60_000);
      expect(await readinessOf(app)).toEqual(READY);
      expect([app.genauth.receivedCount(CHECK_PATH), app.genauth.receivedCount(KICK_PATH)]).toEqual([2, 1]);
    } finally {
      timers.useRealTimers();
      asked.mockRestore();
    }
  });
});

describe('KeyHealth', () => {
  const CLEARS: Partial<Record<ErrorCode, true>> = { USER_NOT_FOUND: true, APP_NOT_FOUND: true, REJECTED: true };
  const others = Object.values(ErrorCode).filter((code) => code !== ErrorCode.UPSTREAM_REFUSED_CREDENTIALS);

  it.each([...others, null])('after a refusal, an attempt that ends in %s tells whether the key is taken', (code) => {
    const health = new KeyHealth(async () => {}, 60_000);
    health.note(ErrorCode.UPSTREAM_REFUSED_CREDENTIALS);
    expect(health.isRefused).toBe(true);
    health.note(code);
    expect(health.isRefused).toBe(code !== null && CLEARS[code] !== true);
    health.stop();
  });

  it.each([...others, null])('an attempt that ends in %s refuses no key', (code) => {
    const health = new KeyHealth(async () => {}, 60_000);
    health.note(code);
    expect(health.isRefused).toBe(false);
  });

  it('asks on and on while the key is refused or nothing can be learnt, and never again after that', async () => {
    let asked = 0;
    const health: KeyHealth = new KeyHealth(async () => {
      asked += 1;
      if (asked < 3) throw new Error('unreachable');
      health.note(asked < 5 ? ErrorCode.UPSTREAM_REFUSED_CREDENTIALS : null);
    }, 1);
    health.note(ErrorCode.UPSTREAM_REFUSED_CREDENTIALS);
    health.note(ErrorCode.UPSTREAM_REFUSED_CREDENTIALS);
    await eventually(() => !health.isRefused);
    expect(asked).toBe(5);
    // Had the second refusal started a second timer, it would still be asking.
    let turns = 0;
    const clock = setInterval(() => (turns += 1), 1);
    await eventually(() => turns > 5);
    clearInterval(clock);
    expect(asked).toBe(5);
  });

  it('asks once at a time, and not at all after its end, whatever is still under way then', async () => {
    let asked = 0;
    let answer = (): void => undefined;
    const health: KeyHealth = new KeyHealth(async () => {
      asked += 1;
      await new Promise<void>((resolve) => (answer = resolve));
      health.note(ErrorCode.UPSTREAM_REFUSED_CREDENTIALS);
    }, 1);
    const someTicks = async () => {
      let turns = 0;
      const clock = setInterval(() => (turns += 1), 1);
      await eventually(() => turns > 10);
      clearInterval(clock);
    };
    health.note(ErrorCode.UPSTREAM_REFUSED_CREDENTIALS);
    await eventually(() => asked > 0);
    await someTicks();
    expect(asked).toBe(1);
    health.stop();
    answer();
    await someTicks();
    expect(asked).toBe(1);
    expect(health.isRefused).toBe(false);
  });
});

it('an open circuit is told, but takes no gateway out', async () => {
  const app = await startTestApp({ GENAUTH_BREAKER_FAILURES: '2' });
  app.genauth.faults.always({ kind: 'status', status: 503 });
  await kickDemoUser(app);
  expect(await readinessOf(app)).toEqual({
    status: 200,
    body: { ready: true, reasons: [], notes: ['GENAUTH_CIRCUIT_OPEN'] },
  });
});

withPostgres('a database that goes away', () => {
  it('makes it unready, not dead, and its return ready', async () => {
    const server = await startPostgres();
    atEnd(server.stop);
    const app = await startTestApp({ DATABASE_URL: server.url });
    expect(await readinessOf(app)).toEqual(READY);
    await server.halt('immediate');
    expect(await readinessOf(app)).toEqual({
      status: 503,
      body: { ready: false, reasons: ['DATABASE_UNREACHABLE'], notes: [] },
    });
    expect((await fetch(`${app.url}/healthz`)).status).toBe(200);
    await server.start();
    await eventually(
      () => readinessOf(app),
      ({ status }) => status === 200,
    );
  });
});

withPostgres('a database that goes away where no record is required', () => {
  it('is told, but takes no gateway out: it kicks on', async () => {
    const server = await startPostgres();
    atEnd(server.stop);
    const app = await startTestApp({ DATABASE_URL: server.url, AUDIT_REQUIRED: 'false' });
    await server.halt('immediate');
    expect(await readinessOf(app)).toEqual({
      status: 200,
      body: { ready: true, reasons: [], notes: ['DATABASE_UNREACHABLE'] },
    });
    expect(await kickDemoUser(app)).toMatchObject({ __typename: 'KickUsersSuccess' });
  });
});

describe('stopping', () => {
  it('is told by /readyz while it still serves', async () => {
    const app = await startTestApp();
    const kept = await startTestApp();
    app.genauth.faults.next({ kind: 'delay', ms: 2500 });
    const underWay = kickDemoUser(app);
    await eventually(() => app.genauth.receivedCount() === 1);
    const stopped = app.stop(2000);
    expect(await readinessOf(app)).toMatchObject({ status: 503, body: { reasons: ['SHUTTING_DOWN'] } });
    expect((await execute(app, '{ __typename }')).headers.get('connection')).toBe('close');
    expect(await underWay).toMatchObject({ __typename: 'KickUsersSuccess' });
    await stopped;
    await expect(fetch(app.url)).rejects.toThrow();
    // Two gateways in one process: the other one has noticed nothing.
    expect(await kickDemoUser(kept)).toMatchObject({ __typename: 'KickUsersSuccess' });
    expect(await readinessOf(kept)).toEqual(READY);
  });

  const connectTo = async (url: string, bytes: string) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => {});
    await new Promise((resolve) => socket.once('connect', resolve));
    await new Promise((resolve) => socket.write(bytes, resolve));
    return { closed: new Promise((resolve) => socket.once('close', resolve)) };
  };
  it.each([
    ['has sent nothing', ''],
    ['is in the middle of its headers', 'POST /graphql HTTP/1.1\r\nHost: localhost\r\n'],
    ['is in the middle of its body', 'POST /graphql HTTP/1.1\r\nHost: localhost\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{'], // prettier-ignore
  ])('does not wait for ever for a connection that %s', async (_name, bytes) => {
    const app = await startTestApp({ GENAUTH_TIMEOUT_MS: '100' });
    const { closed } = await connectTo(app.url, bytes);
    // A whole round of its own, so that the gateway has seen the connection.
    await readinessOf(app);
    await app.stop();
    await closed;
  });

  it.each([
    ['has sent nothing', ''],
    ['is in the middle of its headers', 'GET /metrics HTTP/1.1\r\nHost: localhost\r\n'],
  ])('does not wait for ever for a connection to METRICS_PORT that %s', async (_name, bytes) => {
    const app = await startTestApp({ METRICS_PORT: '0' });
    const metricsUrl = app.metricsUrl ?? '';
    const { closed } = await connectTo(metricsUrl, bytes);
    await (await fetch(metricsUrl)).text();
    await app.stop();
    await closed;
  });
});
