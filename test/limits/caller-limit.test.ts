/** How many single kicks one caller may have in a minute: exact, over all gateways of a database, and without one. */
import fc from 'fast-check';
import { CallerLimit } from '../../src/limits/caller-limit';
import { eventually } from '../helpers/eventually';
import { execute, kick, operation } from '../helpers/execute';
import { startTestIssuer } from '../helpers/issuer';
import { captureLog, startTestApp, startTestEmulator, type TestApp } from '../helpers/start-app';
import { describeOnEachStore, makeStore, openStore, withPostgres } from '../helpers/stores';
import { failure } from '../kick/payloads';

const kickDemoUser = ({ genauth: { directory }, ...app }: TestApp, token?: string) => {
  const input = { userId: directory.demoUser.userId, appIds: [directory.demoApp.appId] };
  return kick(app, input, token === undefined ? {} : { token });
};
const isRefused = ({ code }: { code?: string }): boolean => code === 'RATE_LIMITED';

describeOnEachStore('RATE_LIMIT_PER_MINUTE', (kind) => {
  const start = async (limit: number, more = {}) => {
    const store = await openStore(await makeStore(kind));
    return startTestApp({ RATE_LIMIT_PER_MINUTE: String(limit), ...more }, undefined, store);
  };

  it('admits that many of one caller, however they come, and refuses the next one as a payload', async () => {
    const app = await start(5);
    const together = await Promise.all(Array.from({ length: 9 }, () => kickDemoUser(app)));
    expect(together.filter(isRefused)).toHaveLength(4);
    const payload = await kickDemoUser(app);
    expect(payload).toEqual(
      failure('RATE_LIMITED', { retryable: true, retryAfterSeconds: expect.any(Number), message: expect.any(String) }),
    );
    expect(payload.retryAfterSeconds).toBeGreaterThan(50);
    expect(payload.retryAfterSeconds).toBeLessThanOrEqual(61);
    expect(app.genauth.receivedCount()).toBe(5);
  });

  it('is each caller’s own', async () => {
    const issuer = await startTestIssuer();
    const app = await start(2, issuer.environment);
    const [alice, bob] = [await issuer.issue({ sub: 'alice' }), await issuer.issue({ sub: 'bob' })];
    const refused = [];
    for (const token of [alice, alice, alice, bob, bob, bob]) refused.push(isRefused(await kickDemoUser(app, token)));
    expect(refused).toEqual([false, false, true, false, false, true]);
  });

  it('does not count input that is refused anyway', async () => {
    const app = await start(1);
    for (let round = 0; round < 3; round++) {
      expect(await kick(app, { userId: '', appIds: [] })).toMatchObject({ code: 'INVALID_INPUT' });
    }
    expect(isRefused(await kickDemoUser(app))).toBe(false);
    expect(isRefused(await kickDemoUser(app))).toBe(true);
  });

  it('has a record of each refusal, which the caller is told', async () => {
    const app = await start(1);
    await kickDemoUser(app);
    const { failureAuditId } = await kickDemoUser(app);
    const { data } = await execute(app, operation('audit-events'));
    expect(data.auditEvents.edges[0].node).toMatchObject({ id: failureAuditId, action: 'RATE_LIMITED' });
  });
});

it('is of one subject of one issuer, with the database and without it', async () => {
  const store = await openStore(await makeStore('embedded'));
  const { log } = captureLog();
  const callers = ['https://one.example', 'https://other.example'].map((issuer) => ({ issuer, subject: 'alice' }));
  const takeAll = async (limit: CallerLimit) => {
    const refused: boolean[] = [];
    for (const caller of [...callers, ...callers]) refused.push((await limit.take(caller)) !== null);
    return refused;
  };
  const shared = new CallerLimit(store, 1, log);
  expect(await takeAll(shared)).toEqual([false, false, true, true]);
  await shared.stop();
  const gone = {
    ...store,
    query: () => Promise.reject(new Error('gone')),
    transaction: () => Promise.reject(new Error('gone')),
  };
  const alone = new CallerLimit(gone, 1, log);
  expect(await takeAll(alone)).toEqual([false, false, true, true]);
  await alone.stop();
});

withPostgres('two gateways on one PostgreSQL', () => {
  it('admit together exactly what one caller may have, whatever the interleaving', async () => {
    const genauth = await startTestEmulator();
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(1), { minLength: 8, maxLength: 24 }), async (turns) => {
        const { url } = await makeStore('postgres');
        const environment = { DATABASE_URL: url!, RATE_LIMIT_PER_MINUTE: '7' };
        const gateways = [await startTestApp(environment, genauth), await startTestApp(environment, genauth)];
        const payloads = await Promise.all(turns.map((turn) => kickDemoUser(gateways[turn]!)));
        await Promise.all(gateways.map((gateway) => gateway.stop()));
        expect(payloads.filter((payload) => !isRefused(payload))).toHaveLength(Math.min(7, turns.length));
      }),
      { numRuns: 4 },
    );
  });
});

it('with the database gone, the gateway counts on its own, and says so once', async () => {
  const store = await openStore(await makeStore('embedded'));
  const environment = { RATE_LIMIT_PER_MINUTE: '3', AUDIT_REQUIRED: 'false' };
  const app = await startTestApp(environment, undefined, store);
  const gone = async () => {
    throw new Error('gone');
  };
  Object.assign(store, { query: gone, transaction: gone });
  const refused = [];
  for (let round = 0; round < 5; round++) refused.push(isRefused(await kickDemoUser(app)));
  expect(refused).toEqual([false, false, false, true, true]);
  const told = app.logs.filter(({ level, msg }) => level === 50 && /limit/.test(String(msg)));
  expect(told).toHaveLength(1);
});

it('what the database had admitted before it was gone counts', async () => {
  const store = await openStore(await makeStore('embedded'));
  const app = await startTestApp({ RATE_LIMIT_PER_MINUTE: '3', AUDIT_REQUIRED: 'false' }, undefined, store);
  const admitted = [isRefused(await kickDemoUser(app)), isRefused(await kickDemoUser(app))];
  const gone = async () => {
    throw new Error('gone');
  };
  Object.assign(store, { query: gone, transaction: gone });
  const afterwards = [isRefused(await kickDemoUser(app)), isRefused(await kickDemoUser(app))];
  expect([admitted, afterwards]).toEqual([
    [false, false],
    [false, true],
  ]);
});

it('what the gateway had admitted on its own counts when the database is back', async () => {
  const store = await openStore(await makeStore('embedded'));
  const { query, transaction } = store;
  const environment = { RATE_LIMIT_PER_MINUTE: '5', AUDIT_REQUIRED: 'false' };
  const apps = [
    await startTestApp(environment, undefined, store),
    await startTestApp(environment, undefined, store),
  ] as const;
  const gone = async () => {
    throw new Error('gone');
  };
  Object.assign(store, { query: gone, transaction: gone });
  // The first one finds out; the database may have counted it.
  for (let round = 0; round < 4; round++) expect(isRefused(await kickDemoUser(apps[0]))).toBe(false);
  Object.assign(store, { query, transaction });
  await eventually(() => apps[0].logs.some(({ msg }) => String(msg).includes('by all gateways together again')));
  const afterwards = [];
  for (const app of [apps[1], apps[0], apps[1], apps[0]]) afterwards.push(isRefused(await kickDemoUser(app)));
  expect(afterwards).toEqual([false, false, true, true]);
});

describeOnEachStore('a clock of the database that was set back', (kind) => {
  it('makes nobody wait for longer than a minute', async () => {
    const store = await openStore(await makeStore(kind));
    const app = await startTestApp({ RATE_LIMIT_PER_MINUTE: '1' }, undefined, store);
    await kickDemoUser(app);
    await store.run(`update rate_slots set free_at = free_at + interval '1 hour', slot = slot + 3600`);
    const refused = await kickDemoUser(app);
    expect(refused).toMatchObject({ code: 'RATE_LIMITED' });
    expect(refused.retryAfterSeconds).toBeLessThanOrEqual(61);
  });
});
