/** GenAuth away in the middle of a job, or asking for time: no user is spent on finding out whether it is back. */
import { eventually } from '../helpers/eventually';
import { startTestApp, startTestEmulator } from '../helpers/start-app';
import { makeStore, openStore } from '../helpers/stores';
import { acceptedJob, finishedJob, outcomesOf, readJob } from './jobs';

const KICK_USERS = '/api/v3/kick-users';
const CHEAPEST_READ = '/api/v3/list-application-simple-info';

async function start(users: number) {
  const genauth = await startTestEmulator({ extraUsers: users });
  const store = await openStore(await makeStore('embedded'));
  const app = await startTestApp({ GENAUTH_MAX_RPS: '50' }, genauth, store);
  const { directory } = genauth;
  const userIds = directory.users.filter(({ name }) => name.startsWith('load-')).map(({ userId }) => userId);
  const { appId } = directory.demoApp;
  for (const userId of userIds) directory.signIn(userId, appId);
  return { app, genauth, directory, appId, userIds };
}

it('while GenAuth answers 503, a harmless read asks whether it is back, and no further user is in doubt', async () => {
  const { app, genauth, directory, appId, userIds } = await start(60);
  genauth.faults.always({ kind: 'status', status: 503 }, { path: '*' });
  const id = await acceptedJob(app, { userIds, appIds: [appId] });
  const isPaused = ({ pausedReason }: { pausedReason: string | null }) => pausedReason !== null;
  await eventually(() => readJob(app, id), isPaused);
  // What was under way when the circuit opened has its answer by the first probe.
  await eventually(() => genauth.receivedCount(CHEAPEST_READ) >= 1, Boolean, 20_000);
  const kicksBefore = genauth.receivedCount(KICK_USERS);
  // All the while, nobody is told that it goes on.
  const readings: unknown[] = [];
  await eventually(
    async () => {
      readings.push((await readJob(app, id)).pausedReason);
      return genauth.receivedCount(CHEAPEST_READ);
    },
    (looks) => looks >= 3,
    30_000,
  );
  expect(new Set(readings)).toEqual(new Set([expect.stringContaining('GenAuth has been failing')]));
  expect(genauth.receivedCount(KICK_USERS)).toBe(kicksBefore);
  expect((await readJob(app, id)).progress).toMatchObject({ pending: 60, unknown: 0 });

  genauth.faults.clear();
  const job = await finishedJob(app, id);
  expect(job.progress.kicked + job.progress.unknown).toBe(60);
  expect(job.progress.unknown).toBeLessThanOrEqual(kicksBefore);
  for (const { userId, state } of outcomesOf(job)) {
    expect([state, directory.isOnline(String(userId), appId)]).toEqual([state, state !== 'KICKED']);
  }
});

it('where kicks alone fail, the job waits as well, and what reads say does not open the way for the others', async () => {
  const { app, genauth, appId, userIds } = await start(60);
  genauth.faults.always({ kind: 'status', status: 503 });
  const id = await acceptedJob(app, { userIds, appIds: [appId] });
  await eventually(() => genauth.receivedCount(CHEAPEST_READ) >= 2, Boolean, 30_000);
  const { progress } = await readJob(app, id);
  expect(progress).toMatchObject({ kicked: 0, failed: 0 });
  expect(progress.pending).toBeGreaterThan(30);
  genauth.faults.clear();
  const job = await finishedJob(app, id);
  expect(job.progress.kicked + job.progress.unknown).toBe(60);
  expect(job.progress.kicked).toBeGreaterThan(30);
});

it.each([
  ['in doubt', { verify: false }, [{ kind: 'html' } as const], { state: 'UNKNOWN' }],
  ['to be verified', { verify: true }, [], { state: 'KICKED', verifiedOffline: null }],
])(
  'a user %s whose reading always fails, and opens the circuit, does not hold the job up for good',
  async (_name, more, faults, outcome) => {
    const environment = { GENAUTH_BREAKER_FAILURES: '1', GENAUTH_TIMEOUT_MS: '500' };
    const store = await openStore(await makeStore('embedded'));
    const app = await startTestApp(environment, await startTestEmulator(), store);
    const { directory, faults: switchboard } = app.genauth;
    for (const fault of faults) switchboard.next(fault);
    switchboard.always({ kind: 'status', status: 503 }, { path: '/api/v3/check-session-status' });
    const userIds = [directory.demoUser.userId];
    const id = await acceptedJob(app, { userIds, appIds: [directory.demoApp.appId], ...more });
    expect(outcomesOf(await finishedJob(app, id, 100_000))).toMatchObject([outcome]);
  },
);

it('a Retry-After of GenAuth’s holds all lines up, and says so', async () => {
  const { app, genauth, appId, userIds } = await start(3);
  genauth.faults.next({ kind: 'status', status: 429, headers: { 'retry-after': '3' } }, 3);
  const id = await acceptedJob(app, { userIds, appIds: [appId] });
  const held = await eventually(
    () => readJob(app, id),
    ({ pausedReason }) => pausedReason !== null,
  );
  expect(held).toMatchObject({ pausedReason: expect.stringContaining('Retry-After'), estimatedFinishAt: null });
  const sent = genauth.receivedCount(KICK_USERS);
  expect(sent).toBeLessThanOrEqual(3);
  await eventually(
    () => readJob(app, id),
    ({ pausedReason }) => pausedReason === null,
  );
  // Until then nothing was sent.
  expect((await finishedJob(app, id)).progress).toMatchObject({ kicked: 3 });
  expect(genauth.receivedCount(KICK_USERS)).toBe(sent + 3);
});
