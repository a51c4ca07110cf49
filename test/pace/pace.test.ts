/** The pace of one gateway's calls, measured where they arrive. */
import { makeStore, openStore } from '../helpers/stores';
import { eventually } from '../helpers/eventually';
import { execute, kick } from '../helpers/execute';
import { startTestApp, type TestApp } from '../helpers/start-app';
import { failure, success } from '../kick/payloads';
import { mostInASecond } from './most-in-a-second';

const KICK_USERS = '/api/v3/kick-users';

const targetOf = ({ genauth: { directory } }: TestApp) => ({
  userId: directory.demoUser.userId,
  appIds: [directory.demoApp.appId],
});
const kickDemoUser = (app: TestApp, signal?: AbortSignal) => kick(app, targetOf(app), signal && { signal });
const kickTimes = (app: TestApp, times: number) => Promise.all(Array.from({ length: times }, () => kickDemoUser(app)));
const arrivals = ({ genauth }: TestApp) => genauth.received.map(({ at }) => at);
const codesOf = (payloads: { code?: string }[]) => payloads.map(({ code = 'done' }) => code);

describe('in any one second arrive at most the cap and a tenth', () => {
  it.each([5, 20, 60])('of more kicks at once: cap %d', async (cap) => {
    const app = await startTestApp({ GENAUTH_MAX_RPS: String(cap) });
    const payloads = await kickTimes(app, Math.ceil(cap * 2.2));
    expect(new Set(codesOf(payloads))).toEqual(new Set(['done']));
    // Of a handful a second, one may be carried over the edge by a connection that took its time.
    expect(mostInASecond(arrivals(app))).toBeLessThanOrEqual(Math.max(cap + 1, Math.floor(cap * 1.1)));
  });

  it('of attempts, too', async () => {
    const app = await startTestApp({ GENAUTH_MAX_RPS: '20', GENAUTH_BREAKER_FAILURES: '0' });
    app.genauth.faults.always({ kind: 'reset' });
    await kickTimes(app, 15);
    expect(arrivals(app)).toHaveLength(45);
    expect(mostInASecond(arrivals(app))).toBeLessThanOrEqual(22);
  });
});

describe('a kick whose turn would come after its deadline', () => {
  it('is refused at once, with nothing sent and a record of it', async () => {
    const store = await openStore(await makeStore('embedded'));
    const app = await startTestApp({ GENAUTH_MAX_RPS: '2', GENAUTH_TIMEOUT_MS: '8000' }, undefined, store);
    const KICKS = 30;
    const answered: string[] = [];
    const payloads = await Promise.all(
      Array.from({ length: KICKS }, async () => {
        const payload = await kickDemoUser(app);
        answered.push(payload.code ?? 'done');
        return payload;
      }),
    );
    const refused = payloads.filter(({ code }) => code !== undefined);
    expect(refused.length).toBeGreaterThanOrEqual(4);
    for (const payload of refused) {
      expect(payload).toEqual(
        failure('RATE_LIMITED', {
          message: 'More calls wait for GenAuth than it takes in time; nothing was sent.',
          retryable: true,
          retryAfterSeconds: expect.any(Number),
        }),
      );
      expect(payload.retryAfterSeconds).toBeGreaterThanOrEqual(1);
      expect(payload.retryAfterSeconds).toBeLessThanOrEqual(8);
    }
    // Those that could wait were answered later, the last one by seconds.
    expect(answered.lastIndexOf('done')).toBeGreaterThan(answered.indexOf('RATE_LIMITED'));
    expect(app.genauth.receivedCount(KICK_USERS)).toBe(KICKS - refused.length);
    const query = '{ auditEvents(first: 50) { edges { node { action code mayHaveTakenEffect } } } }';
    const recorded = await eventually(
      async () => {
        const { data } = await execute(app, query);
        return data.auditEvents.edges.filter(({ node }: { node: { code: string } }) => node.code === 'RATE_LIMITED');
      },
      (edges) => edges.length === refused.length,
    );
    expect(recorded[0].node).toEqual({ action: 'KICK_FAILED', code: 'RATE_LIMITED', mayHaveTakenEffect: false });
  });
});

it('an open circuit is told at once, and takes no turn', async () => {
  const app = await startTestApp({
    GENAUTH_MAX_RPS: '1',
    GENAUTH_TIMEOUT_MS: '900',
    GENAUTH_BREAKER_FAILURES: '1',
  });
  app.genauth.faults.next({ kind: 'status', status: 503, headers: { 'retry-after': '60' } });
  await kickDemoUser(app);
  for (let i = 0; i < 5; i++) {
    expect(await kickDemoUser(app)).toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
      message: expect.stringContaining('has stopped calling it'),
    });
  }
});

it('a waiting kick whose caller hangs up is dropped, and its turn is the next one’s', async () => {
  const app = await startTestApp({ GENAUTH_MAX_RPS: '2' });
  const requested = () => app.logs.filter(({ msg }) => msg === 'kick requested').length;
  // They go on for three seconds: time enough for a busy machine to see the one behind them hang up.
  const before = kickTimes(app, 7);
  await eventually(() => requested() === 7);
  const hangUp = new AbortController();
  const abandoned = kickDemoUser(app, hangUp.signal).catch(() => 'abandoned');
  await eventually(() => requested() === 8);
  hangUp.abort();
  expect(await abandoned).toBe('abandoned');
  await eventually(() => app.logs.some(({ msg }) => msg === 'kick failed'));
  expect(await kickDemoUser(app)).toEqual(success());
  expect(codesOf(await before)).toEqual(Array(7).fill('done'));
  expect(app.genauth.receivedCount(KICK_USERS)).toBe(8);
});

it('HTTP 429 halves the pace at once', async () => {
  const app = await startTestApp({ GENAUTH_MAX_RPS: '100' });
  app.genauth.faults.next({ kind: 'status', status: 429, headers: { 'retry-after': '9' } });
  expect(await kickDemoUser(app)).toMatchObject({ code: 'RATE_LIMITED', retryAfterSeconds: 9 });
  const [throttledAt = NaN] = arrivals(app);
  await kickTimes(app, 120);
  const after = arrivals(app).filter((at) => at > throttledAt && at - throttledAt < 1000);
  expect(arrivals(app)).toHaveLength(121);
  expect(after.length).toBeLessThanOrEqual(55);
});
