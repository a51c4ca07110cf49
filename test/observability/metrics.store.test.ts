/** What /metrics says of the database, and of what is kept there: jobs, and records that wait for it. */
import type { Database } from '../../src/store/database';
import { eventually } from '../helpers/eventually';
import { kick } from '../helpers/execute';
import { startPostgres } from '../helpers/postgres';
import { scrape } from '../helpers/scrape';
import { startTestApp, startTestEmulator } from '../helpers/start-app';
import { describeOnEachStore, makeStore, openStore, withPostgres } from '../helpers/stores';
import { atEnd } from '../helpers/at-end';
import { acceptedJob, finishedJob, run } from '../jobs/jobs';

const JOBS = 'kick_gateway_jobs';
const PENDING = 'kick_gateway_job_users_pending';
const UP = 'kick_gateway_database_up';

describeOnEachStore('a job', (kind) => {
  it('is shown with its users while it runs, and its outcomes are counted', async () => {
    const app = await startTestApp({}, undefined, await openStore(await makeStore(kind)));
    const { users, demoApp } = app.genauth.directory;
    const userIds = users.slice(0, 3).map(({ userId }) => userId);
    // Nothing is ever finished, for the time being.
    app.genauth.faults.always({ kind: 'envelope', statusCode: 429 });
    const id = await acceptedJob(app, { userIds: [...userIds, 'nobody'], appIds: [demoApp.appId] });
    await eventually(
      () => scrape(app),
      ({ value }) => value(JOBS, { state: 'RUNNING' }) === 1 && value(PENDING, { state: 'RUNNING' }) === 4,
    );
    app.genauth.faults.clear();
    await finishedJob(app, id);
    const { value } = await eventually(
      () => scrape(app),
      (metrics) => metrics.value(JOBS) === undefined,
    );
    expect(value(PENDING)).toBeUndefined();
    expect(value('kick_gateway_job_outcomes_total', { state: 'KICKED', code: 'none' })).toBe(3);
    expect(value('kick_gateway_job_outcomes_total', { state: 'FAILED', code: 'USER_NOT_FOUND' })).toBe(1);
    expect(value('kick_gateway_kicks_total', { origin: 'job', outcome: 'SUCCESS' })).toBe(3);
    expect(value('kick_gateway_kicks_total', { origin: 'single' })).toBe(0);
    expect(value(UP)).toBe(1);
    expect(value('kick_gateway_database_connections', { state: 'waiting' })).toBe(0);
  });

  it('has all its outcomes counted when it is cancelled, too', async () => {
    const app = await startTestApp({}, undefined, await openStore(await makeStore(kind)));
    app.genauth.faults.always({ kind: 'delay', ms: 300 });
    const { appId } = app.genauth.directory.demoApp;
    const userIds = Array.from({ length: 500 }, (_, index) => `stranger-${index}`);
    const id = await acceptedJob(app, { userIds, appIds: [appId] });
    await eventually(() => app.genauth.receivedCount('/api/v3/kick-users') > 0);
    await run(app, 'cancel-kick-job', { id });
    const { progress } = await finishedJob(app, id);
    expect(progress.skipped).toBeGreaterThan(0);
    expect(progress.failed + progress.skipped).toBe(500);
    const counted = async () => {
      const { value } = await scrape(app);
      return ['FAILED', 'SKIPPED'].map((state) => value('kick_gateway_job_outcomes_total', { state }));
    };
    await eventually(counted, ([failed, skipped]) => failed === progress.failed && skipped === progress.skipped);
  });
});

describeOnEachStore('a database that does not get through with counting', (kind) => {
  it('is up all the same', async () => {
    const database = await openStore(await makeStore(kind));
    const query: Database['query'] = (sql, parameters, name) =>
      /count\(\*\).*kick_jobs/s.test(sql)
        ? Promise.reject(new Error('time-out'))
        : database.query(sql, parameters, name);
    const app = await startTestApp({}, undefined, { ...database, query });
    await acceptedJob(app, { userIds: ['nobody'], appIds: ['none'] });
    const { value } = await scrape(app);
    expect([value(UP), value(JOBS)]).toEqual([1, undefined]);
  });
});

withPostgres('a database that goes away', () => {
  it('leaves the metrics there, tells of the records that wait, and of its return', async () => {
    const server = await startPostgres();
    atEnd(server.stop);
    const app = await startTestApp({ DATABASE_URL: server.url }, await startTestEmulator());
    const { demoUser, demoApp } = app.genauth.directory;
    expect((await scrape(app)).value('kick_gateway_audit_records_waiting')).toBe(0);
    app.genauth.faults.next({ kind: 'delay', ms: 3000 });
    const underWay = kick(app, { userId: demoUser.userId, appIds: [demoApp.appId] });
    await eventually(() => app.genauth.receivedCount() === 1);
    await server.halt('immediate');
    expect(await underWay).toMatchObject({ __typename: 'KickUsersSuccess' });
    const { value } = await eventually(
      () => scrape(app),
      (metrics) => metrics.value(UP) === 0,
    );
    expect(value(JOBS)).toBeUndefined();
    expect(value('kick_gateway_kicks_total', { outcome: 'SUCCESS' })).toBe(1);
    expect(value('kick_gateway_audit_records_waiting')).toBe(1);
    await eventually(async () => ((await scrape(app)).value('kick_gateway_audit_lag_seconds') ?? 0) > 0.5);
    await server.start();
    await eventually(
      () => scrape(app),
      (metrics) => metrics.value(UP) === 1 && metrics.value('kick_gateway_audit_records_waiting') === 0,
    );
  });
});
