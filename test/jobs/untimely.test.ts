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
    /** Until it stands: the worker counts on from what it knows. Between calls only: a mark puts it back. */
    const setRefusals = (refusals: string) =>
      eventually(
        () =>
          database.query<{ noted: string }>(
            `update kick_lines set reads_tried = case when length(reads_tried) < 150 then $2 else reads_tried end
             where job_id = $1 and calls = '.' returning reads_tried as noted`,
            [id, refusals],
          ),
        ([line]) => (line?.noted.length ?? 0) > 151,
      );
    return { database, app, id, setRefusals };
  }

  it('waits on, and is kicked when GenAuth lets it', async () => {
    const { app, id, setRefusals } = await start();
    await setRefusals('w'.repeat(150));
    app.genauth.faults.clear();
    expect(outcomesOf(await finishedJob(app, id))[0]).toMatchObject({ state: 'KICKED' });
  });

  it('has failed when the job is older than a day', async () => {
    const { database, app, id, setRefusals } = await start();
    await setRefusals('w'.repeat(150));
    await database.query(`update kick_jobs set created_at = created_at - interval '25 hours' where id = $1`, [id]);
    expect(outcomesOf(await finishedJob(app, id))[0]).toMatchObject({ state: 'FAILED', code: 'RATE_LIMITED' });
  });

  it('is kicked by an old job, too, where GenAuth was away all the times but the last ones', async () => {
    const { database, app, id } = await start();
    await database.query(`update kick_jobs set created_at = created_at - interval '25 hours' where id = $1`, [id]);
    // As after a day of calls that never left, each with its mark.
    const marks = `update kick_lines set attempts = 1000 where job_id = $1 and calls = '.' returning attempts`;
    await eventually(
      () => database.query(marks, [id]),
      (lines) => lines.length === 1,
    );
    const before = app.genauth.receivedCount();
    await eventually(() => app.genauth.receivedCount() > before + 3);
    app.genauth.faults.clear();
    expect(outcomesOf(await finishedJob(app, id))[0]).toMatchObject({ state: 'KICKED' });
  });
});
