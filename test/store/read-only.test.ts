/** A PostgreSQL that takes no writes, as after a failover: nobody can be kicked, so nobody is to believe that somebody can. */
import { Client } from 'pg';
import { eventually } from '../helpers/eventually';
import { kick } from '../helpers/execute';
import { scrape } from '../helpers/scrape';
import { startTestApp } from '../helpers/start-app';
import { makeStore, withPostgres } from '../helpers/stores';

withPostgres('a database that takes no writes', () => {
  it('takes the gateway out until it takes them again, and its kicks are counted', async () => {
    const { url } = await makeStore('postgres');
    const app = await startTestApp({ DATABASE_URL: url! });
    const { demoUser, demoApp } = app.genauth.directory;
    const kickDemoUser = () => kick(app, { userId: demoUser.userId, appIds: [demoApp.appId] });
    expect(await kickDemoUser()).toMatchObject({ __typename: 'KickUsersSuccess' });
    const admin = new Client({ connectionString: url! });
    await admin.connect();
    const name = new URL(url!).pathname.slice(1);
    const set = async (change: string): Promise<void> => {
      await admin.query(`alter database ${name} ${change}`);
      // For connections from now on.
      await admin.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and pid <> pg_backend_pid()`,
        [name],
      );
    };
    const readiness = async (): Promise<unknown> => (await fetch(`${app.url}/readyz`)).json();
    const ready = { ready: true, reasons: [], notes: [] };

    await set('set default_transaction_read_only = on');
    await eventually(readiness, (told) => JSON.stringify(told) !== JSON.stringify(ready));
    expect(await readiness()).toEqual({ ready: false, reasons: ['DATABASE_UNREACHABLE'], notes: [] });
    expect(await kickDemoUser()).toMatchObject({ code: 'AUDIT_UNAVAILABLE', mayHaveTakenEffect: false });
    const { value } = await scrape(app);
    expect(value('kick_gateway_kicks_total', { origin: 'single', outcome: 'AUDIT_UNAVAILABLE' })).toBeGreaterThan(0);
    expect(value('kick_gateway_database_up')).toBe(0);

    await set('reset default_transaction_read_only');
    await admin.end();
    await eventually(readiness, (told) => JSON.stringify(told) === JSON.stringify(ready));
    await eventually(kickDemoUser, ({ __typename }) => __typename === 'KickUsersSuccess');
  });
});
