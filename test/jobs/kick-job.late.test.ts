/** What becomes of a call without a clear answer when time goes by: neither is it repeated late, nor given up too soon. */
import type { Fault } from '../../src/emulator/fault';
import { eventually } from '../helpers/eventually';
import { kick } from '../helpers/execute';
import { startTestApp, type TestApp } from '../helpers/start-app';
import { makeStore, openStore, withPostgres, type StoreKind } from '../helpers/stores';
import { acceptedJob, finishedJob, outcomesOf, readJob, run } from './jobs';

const KICK_USERS = '/api/v3/kick-users';
const CHECK_SESSION = '/api/v3/check-session-status';
const TIMEOUT_MS = 1000;
const HTML: Fault = { kind: 'html' };
const BUSY = { kind: 'status', status: 429 } satisfies Fault;

/** A gateway that repeats calls for two seconds, alone on its store, and a user who is signed in. */
async function start(kind: StoreKind, environment: Record<string, string> = {}) {
  const store = await openStore(await makeStore(kind));
  const own = { GENAUTH_TIMEOUT_MS: String(TIMEOUT_MS), GENAUTH_BREAKER_FAILURES: '0', ...environment };
  const app = await startTestApp(own, undefined, store);
  const { directory } = app.genauth;
  const { userId } = directory.users[3]!;
  const { appId } = directory.demoApp;
  directory.signIn(userId, appId);
  return { app, store, userId, appId, isOnline: () => directory.isOnline(userId, appId) };
}
const outcomeOf = async (app: TestApp, id: string) => outcomesOf(await finishedJob(app, id))[0];

it('a repetition that GenAuth puts off is not made late: UNKNOWN', async () => {
  const { app, userId, appId, isOnline } = await start('embedded');
  app.genauth.faults.next(HTML);
  app.genauth.faults.always(BUSY);
  const id = await acceptedJob(app, { userIds: [userId], appIds: [appId] });
  // It ends while GenAuth still says no: nobody waits for a yes. What is told is why the first sending has no answer.
  expect(await outcomeOf(app, id)).toMatchObject({ state: 'UNKNOWN', code: 'UPSTREAM_INVALID_RESPONSE' });
  expect(isOnline()).toBe(true);
});

it('a reading that GenAuth puts off is made later, and decides nothing until then', async () => {
  const { app, userId, appId, isOnline } = await start('embedded');
  app.genauth.faults.next({ ...HTML, afterEffect: true });
  app.genauth.faults.always(BUSY, { path: CHECK_SESSION });
  const id = await acceptedJob(app, { userIds: [userId], appIds: [appId] });
  await eventually(() => app.genauth.receivedCount(CHECK_SESSION) > 3, Boolean, 20_000);
  expect((await readJob(app, id)).state).toBe('RUNNING');
  app.genauth.faults.clear();
  expect(await outcomeOf(app, id)).toMatchObject({ state: 'KICKED', attempts: 1 });
  expect(isOnline()).toBe(false);
});

it('what GenAuth said to one call is told though another one is made in a later turn', async () => {
  const { app, userId } = await start('embedded');
  const { directory, faults } = app.genauth;
  const appIds = Array.from({ length: 60 }, (_, index) => `later-app-${index}`);
  for (const each of appIds) directory.addApp({ appId: each, appIdentifier: each, appName: each });
  faults.next({ kind: 'envelope', statusCode: 403, message: 'no' });
  faults.always(BUSY);
  const id = await acceptedJob(app, { userIds: [userId], appIds });
  await eventually(() => app.genauth.receivedCount(KICK_USERS) > 2);
  // Nothing is told of a user before all is.
  expect(outcomesOf(await readJob(app, id, { first: 1 }))).toMatchObject([
    { state: 'PENDING', code: null, message: null },
  ]);
  faults.clear();
  expect(await outcomeOf(app, id)).toMatchObject({
    state: 'FAILED',
    code: 'REJECTED',
    message: 'no (1 of the 2 calls for this user succeeded)',
  });
});

it.each<[string, Fault[], Record<string, unknown>]>([
  [
    'failed',
    [{ kind: 'envelope', statusCode: 403, message: 'no' }],
    { state: 'FAILED', code: 'REJECTED', message: 'no (0 of the 2 calls for this user succeeded)' },
  ],
  ['was never answered', [HTML, HTML], { state: 'UNKNOWN', code: 'UPSTREAM_INVALID_RESPONSE' }],
  [
    'succeeded',
    [{ kind: 'delay', ms: 1 }],
    { state: 'SKIPPED', code: null, message: expect.stringContaining('some of') },
  ],
])('a job is cancelled after a call for a user %s: that is told', async (_how, first, outcome) => {
  const { app, userId } = await start('embedded');
  const { directory, faults } = app.genauth;
  const appIds = Array.from({ length: 60 }, (_, index) => `cancelled-app-${index}`);
  for (const each of appIds) directory.addApp({ appId: each, appIdentifier: each, appName: each });
  directory.signIn(userId, 'cancelled-app-0');
  for (const fault of first) faults.next(fault);
  // Not tried again within the same call, so that the line is at rest.
  faults.always({ ...BUSY, headers: { 'retry-after': '1' } });
  const id = await acceptedJob(app, { userIds: [userId], appIds });
  await eventually(() => app.genauth.receivedCount(KICK_USERS) > first.length);
  await run(app, 'cancel-kick-job', { id });
  expect(await outcomeOf(app, id)).toMatchObject(outcome);
});

it('at a pace that lets nobody be looked up and read back in one turn, verified jobs end', async () => {
  const { app, appId } = await start('embedded', { GENAUTH_MAX_RPS: '8' });
  const userIds = app.genauth.directory.users.slice(0, 8).map(({ ids }) => ids.email);
  const options = { userIdType: 'EMAIL' };
  const job = await finishedJob(app, await acceptedJob(app, { userIds, appIds: [appId], options, verify: true }));
  expect(job.progress).toMatchObject({ kicked: userIds.length });
  expect(outcomesOf(job).filter(({ verifiedOffline }) => verifiedOffline === true)).toHaveLength(userIds.length);
});

withPostgres('with a clock that a test can set', () => {
  /** Puts a clock ahead of the real time. */
  function ahead(clock: { now: () => number }): (ms: number) => void {
    let aheadMs = 0;
    const realNow = clock.now.bind(clock);
    jest.spyOn(clock, 'now').mockImplementation(() => realNow() + aheadMs);
    return (ms) => (aheadMs += ms);
  }

  it('decides nothing while another call finds out whether GenAuth is back', async () => {
    // Not taken back: it never goes back, and the gateway lives on until the end of this file.
    const forward = ahead(performance);
    const { app, userId, appId } = await start('postgres', { GENAUTH_BREAKER_FAILURES: '1' });
    const { faults, directory } = app.genauth;
    faults.always({ kind: 'never' }, { path: CHECK_SESSION });
    faults.always({ kind: 'never', afterEffect: true });
    const id = await acceptedJob(app, { userIds: [userId], appIds: [appId] });
    await eventually(() => app.genauth.receivedCount(KICK_USERS) === 1);
    // Each finds GenAuth still away; by the last, the job's call is too old to be repeated.
    for (const probe of [1, 2, 3, 4]) {
      await eventually(async () => {
        if (app.genauth.receivedCount() > probe) return true;
        forward(5000);
        await kick(app, { userId: directory.users[4]!.userId, appIds: [appId] });
        return false;
      });
    }
    expect((await readJob(app, id)).state).toBe('RUNNING');
    faults.clear();
    forward(5000);
    expect(await outcomeOf(app, id)).toMatchObject({ state: 'KICKED', attempts: 1 });
  });

  it('a line is put off by the clock of the database, not by that of the gateway', async () => {
    ahead(Date)(4 * 60 * 1000);
    const { app, store, userId, appId } = await start('postgres');
    // Longer than the client waits within one call, so that the line is put off.
    app.genauth.faults.next({ ...BUSY, headers: { 'retry-after': '1' } });
    const id = await acceptedJob(app, { userIds: [userId], appIds: [appId] });
    const waiting = () =>
      store.query<{ seconds: number }>(
        `select extract(epoch from start_after - now())::float8 as seconds from pgboss.job
         where name = 'kick-chunks' and state < 'active' and start_after > now()`,
      );
    const [chunk] = await eventually(waiting, ({ length }) => length > 0);
    expect(chunk!.seconds).toBeLessThan(60);
    expect(await outcomeOf(app, id)).toMatchObject({ state: 'KICKED', attempts: 2 });
  });
});
