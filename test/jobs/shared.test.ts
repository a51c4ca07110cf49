/** Jobs of several gateways on one PostgreSQL: accepted once, worked on by all, cancelled from anywhere. */
import { eventually } from '../helpers/eventually';
import { startTestApp, startTestEmulator, type TestApp } from '../helpers/start-app';
import { makeStore, withPostgres } from '../helpers/stores';
import { acceptedJob, finishedJob, newKey, run, startJob } from './jobs';

const KICK_USERS = '/api/v3/kick-users';

withPostgres('two gateways on one PostgreSQL', () => {
  /** Each with an emulator of its own, which tells who made which call. */
  let one: TestApp, other: TestApp;
  beforeAll(async () => {
    const { url } = await makeStore('postgres');
    const start = async () => startTestApp({ DATABASE_URL: url! }, await startTestEmulator());
    [one, other] = [await start(), await start()];
  });
  beforeEach(() => {
    for (const { genauth } of [one, other]) {
      genauth.faults.clear();
      genauth.clearReceived();
    }
  });
  const slowDown = (ms: number) => [one, other].forEach(({ genauth }) => genauth.faults.always({ kind: 'delay', ms }));
  const counts = () => [one, other].map(({ genauth }) => genauth.receivedCount(KICK_USERS));
  const total = () => counts().reduce((sum, count) => sum + count, 0);
  const inputFor = (count: number, more = {}) => ({
    userIds: Array.from({ length: count }, (_, index) => `stranger-${index}`),
    appIds: [one.genauth.directory.demoApp.appId],
    ...more,
  });

  it('make one job of one key, sent to both at the same moment', async () => {
    for (let round = 0; round < 20; round++) {
      const input = inputFor(1, { idempotencyKey: newKey() });
      const payloads = await Promise.all([one, other, one, other].map((gateway) => startJob(gateway, input)));
      const ids = new Set(payloads.map(({ job }) => job.id));
      expect([round, ids.size]).toEqual([round, 1]);
      await finishedJob(other, [...ids][0]);
    }
    expect(total()).toBe(20);
  });

  it('both work on a job, and each user is called for once', async () => {
    slowDown(500);
    const id = await acceptedJob(one, inputFor(1000));
    expect((await finishedJob(other, id)).progress).toMatchObject({ total: 1000, pending: 0, failed: 1000 });
    expect(total()).toBe(1000);
    expect(Math.min(...counts())).toBeGreaterThan(0);
  });

  it('send nothing new for a job that the other one has cancelled', async () => {
    slowDown(300);
    const id = await acceptedJob(one, inputFor(2000));
    await eventually(() => one.genauth.receivedCount(KICK_USERS) > 0);
    await run(other, 'cancel-kick-job', { id });
    const job = await finishedJob(other, id);
    const sent = total();
    expect(job).toMatchObject({ state: 'CANCELLED', progress: { pending: 0, failed: sent, skipped: 2000 - sent } });
    expect(sent).toBeLessThan(2000);
    // Another job goes through both queues meanwhile.
    await finishedJob(one, await acceptedJob(one, inputFor(1)));
    expect(total()).toBe(sent + 1);
  });

  it('count the open jobs of a caller together', async () => {
    slowDown(4000);
    const payloads = await Promise.all([one, other, one, other, one, other].map((app) => startJob(app, inputFor(1))));
    expect(payloads.filter(({ code }) => code === 'TOO_MANY_JOBS')).toHaveLength(1);
    for (const { job } of payloads) if (job !== undefined) await finishedJob(one, job.id);
  });
});
