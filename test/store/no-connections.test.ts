/** A database that lets nobody in any more, for whatever reason, is away: that is no bug of ours, and may pass. */
import { Client } from 'pg';
import { atEnd } from '../helpers/at-end';
import { execute, operation } from '../helpers/execute';
import { startTestApp } from '../helpers/start-app';
import { makeStore, POSTGRES_URL, withPostgres } from '../helpers/stores';
import { newKey } from '../jobs/jobs';

withPostgres('a database that lets nobody in', () => {
  // SQLSTATE 55000, one of many that say nothing of a statement when they come from connecting.
  it('is told as one that is away, by queries, jobs and kicks', async () => {
    const { url } = await makeStore('postgres');
    const app = await startTestApp({ DATABASE_URL: url! });
    const admin = new Client({ connectionString: POSTGRES_URL! });
    await admin.connect();
    const name = new URL(url!).pathname.slice(1);
    const letIn = (isLetIn: boolean) => admin.query(`alter database ${name} allow_connections ${isLetIn}`);
    atEnd(async () => {
      await letIn(true);
      await admin.end();
    });
    await letIn(false);
    await admin.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [name]);

    const listed = await execute(app, operation('kick-jobs'), {});
    expect([listed.status, listed.headers.get('retry-after')]).toEqual([503, '1']);
    expect(listed.errors).toMatchObject([{ extensions: { code: 'AUDIT_UNAVAILABLE' } }]);
    const target = { appIds: [app.genauth.directory.demoApp.appId] };
    const input = { ...target, userIds: ['somebody'], reason: 'OTHER', idempotencyKey: newKey() };
    expect((await execute(app, operation('start-kick-job'), { input })).data).toMatchObject({
      startKickJob: { __typename: 'StartKickJobError', code: 'AUDIT_UNAVAILABLE', retryable: true },
    });
    expect(
      (await execute(app, operation('kick-users'), { input: { ...target, userId: 'somebody' } })).data,
    ).toMatchObject({
      kickUsers: { __typename: 'KickUsersError', code: 'AUDIT_UNAVAILABLE', mayHaveTakenEffect: false },
    });
    expect(app.logs.filter(({ msg }) => msg === 'unexpected error')).toEqual([]);
  });
});
