/** A job's input is compared by a hash; once users are erased, nobody may try ids on it. */
import { createHash } from 'node:crypto';
import type { Database } from '../../src/store/database';
import type { StoreOptions } from '../../src/store/open-database';
import { makeFolder } from '../helpers/deployment';
import { eventually } from '../helpers/eventually';
import { environmentOf, START } from '../helpers/gateway-process';
import { runProcess } from '../helpers/processes';
import { startTestApp, startTestEmulator } from '../helpers/start-app';
import { describeOnEachStore, makeStore, openStore } from '../helpers/stores';
import { finishedJob, newKey, run, startJob } from '../jobs/jobs';

const DAY_MS = 24 * 60 * 60 * 1000;
const NOBODY = '+8613900000000';

const erase = (store: StoreOptions, phone: string) =>
  runProcess(process.execPath, [START, 'audit/erase-main.js', '--user-id-type', 'PHONE', '--user-id', phone], {
    cwd: makeFolder(),
    env: environmentOf(store),
  });

/** A finished job of one phone number, and what somebody makes of the database who tries all phone numbers. */
async function start(kind: Database['kind']) {
  const store = await makeStore(kind);
  const genauth = await startTestEmulator();
  const app = await startTestApp(environmentOf(store), genauth);
  const { demoUser, demoApp } = genauth.directory;
  const { phone } = demoUser.ids;
  const appIds = [demoApp.appId];
  const input = { userIds: [phone], appIds, options: { userIdType: 'PHONE' }, idempotencyKey: newKey() };
  const { job } = await startJob(app, input);
  await finishedJob(app, job.id);
  expect((await startJob(app, input)).job.id).toBe(job.id);
  await app.stop();
  const guess = JSON.stringify([[phone], appIds, 'phone', 'LEAKED_CREDENTIAL', null, false]);
  const hash = createHash('sha256').update(guess).digest('hex');
  const reopen = async <T>(look: (database: Database) => Promise<T>): Promise<T> => {
    const database = await openStore(store);
    return look(database).finally(() => database.stop());
  };
  const isGuessed = () =>
    reopen(async (database) => {
      const rows = await database.query<{ row: string }>('select to_json(j)::text as row from kick_jobs j');
      return rows.some(({ row }) => row.includes(hash));
    });
  /** As the release before has erased, or goes on erasing beside this one. */
  const leaveHash = () => reopen((database) => database.query('update kick_jobs set input_hash = $1', [hash]));
  expect(await isGuessed()).toBe(true);
  return { store, genauth, input, job, phone, isGuessed, leaveHash };
}

describeOnEachStore('the hash of an input', (kind) => {
  it('goes with a user whom audit:erase erases, and its key is not taken for that of another input', async () => {
    const { store, genauth, input, phone, isGuessed, leaveHash } = await start(kind);
    expect(await erase(store, NOBODY)).toMatchObject({ code: 0 });
    expect(await isGuessed()).toBe(true);
    expect(await erase(store, phone)).toMatchObject({ code: 0 });
    expect(await isGuessed()).toBe(false);

    const app = await startTestApp(environmentOf(store), genauth);
    for (const again of [input, { ...input, userIds: [NOBODY] }]) {
      expect(await startJob(app, again)).toMatchObject({
        code: 'IDEMPOTENCY_CONFLICT',
        message:
          'The idempotency key was used before, with an input that has been erased since; that job is left as it is.',
      });
    }
    await app.stop();

    await leaveHash();
    expect(await erase(store, NOBODY)).toMatchObject({ code: 0 });
    expect(await isGuessed()).toBe(false);
  });

  it('goes with users whose time is over, also where a release before left it', async () => {
    const { store, genauth, isGuessed, leaveHash } = await start(kind);
    const later = async (): Promise<void> => {
      const now = jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 31 * DAY_MS);
      const app = await startTestApp({ ...environmentOf(store), RETENTION_DAYS: '30' }, genauth);
      await eventually(() => app.logs.some(({ msg }) => msg === 'personal data erased'));
      now.mockRestore();
      await app.stop();
    };
    await later();
    expect(await isGuessed()).toBe(false);
    await leaveHash();
    await later();
    expect(await isGuessed()).toBe(false);
  });

  it('of a retry names nobody, and stays', async () => {
    const { store, genauth, input, phone } = await start(kind);
    const app = await startTestApp(environmentOf(store), genauth);
    const { job } = await startJob(app, { ...input, userIds: [NOBODY], idempotencyKey: newKey() });
    await finishedJob(app, job.id);
    const retry = { id: job.id, idempotencyKey: newKey() };
    const first = await run(app, 'retry-kick-job', retry);
    await finishedJob(app, first.job.id);
    await app.stop();
    expect(await erase(store, phone)).toMatchObject({ code: 0 });
    expect(await erase(store, NOBODY)).toMatchObject({ code: 0 });
    const again = await startTestApp(environmentOf(store), genauth);
    expect((await run(again, 'retry-kick-job', retry)).job.id).toBe(first.job.id);
    await again.stop();
  });
});
