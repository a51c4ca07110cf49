/** Calls that GenAuth refuses for now, over and over: they are made again for a day, and not for ever. */
import { eventually } from '../helpers/eventually';
import { startTestApp } from '../helpers/start-app';
import { describeOnEachStore, makeStore, openStore } from '../helpers/stores';
import { acceptedJob, finishedJob, outcomesOf } from './jobs';

describeOnEachStore('a user whose calls were refused a hundred times and more', (kind) => {
  async function start() {
    const database = await openStore(await makeStore(kind));
    const app = await startTestApp({ GENAUTH_TIMEOUT_MS: '1000' }, undefined, database);
    const { demoUser, demoApp } = app.genauth.directory;
    app.genauth.faults.always({ kind: 'status', status: 429 });
    const id = await acceptedJob(app, { userIds: [demoUser.userId], appIds: [demoApp.appId] });
    /**
     * Until it stands: the worker counts on from what it knows. Between calls only: who finds another number of attempts in
     * the row than they know takes the line for somebody else's, and one that says "sent" would be read back.
     */
    const setAttempts = () =>
      eventually(
        () =>
          database.query<{ attempts: number }>(
            `update kick_lines set attempts = greatest(attempts, 150) where job_id = $1 and calls = '.' returning attempts`,
            [id],
          ),
        ([line]) => (line?.attempts ?? 0) > 151,
      );
    return { database, app, id, setAttempts };
  }

  it('waits on, and is kicked when GenAuth lets it', async () => {
    const { app, id, setAttempts } = await start();
    await setAttempts();
    app.genauth.faults.clear();
    expect(outcomesOf(await finishedJob(app, id))[0]).toMatchObject({ state: 'KICKED' });
  });

  it('has failed when the job is older than a day', async () => {
    const { database, app, id, setAttempts } = await start();
    await setAttempts();
    await database.query(`update kick_jobs set created_at = created_at - interval '25 hours' where id = $1`, [id]);
    expect(outcomesOf(await finishedJob(app, id))[0]).toMatchObject({ state: 'FAILED', code: 'RATE_LIMITED' });
  });
});
