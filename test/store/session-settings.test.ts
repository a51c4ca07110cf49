/** What a database sets for its sessions is not what our statements and the driver go by. */
import { Client } from 'pg';
import { verifyTrail } from '../../src/audit/verify';
import { execute, kick, operation } from '../helpers/execute';
import { startTestApp } from '../helpers/start-app';
import { makeStore, openStore, withPostgres } from '../helpers/stores';

withPostgres('a database with settings of its own', () => {
  it.each([["datestyle to 'German'"], ["datestyle to 'SQL, DMY'"], ["search_path to 'elsewhere', 'public'"]])(
    '%s',
    async (setting) => {
      const store = await makeStore('postgres');
      const owner = new Client({ connectionString: store.url! });
      await owner.connect();
      await owner.query(
        `create schema elsewhere; alter database ${new URL(store.url!).pathname.slice(1)} set ${setting}`,
      );
      const app = await startTestApp({ DATABASE_URL: store.url! });
      const { demoUser, demoApp } = app.genauth.directory;
      await kick(app, { userId: demoUser.userId, appIds: [demoApp.appId] });
      const { data } = await execute(app, operation('audit-events'), { first: 1 });
      expect(Date.parse(data.auditEvents.edges[0].node.time)).toBeGreaterThan(Date.now() - 60_000);
      expect((await verifyTrail(await openStore(store), [])).faults).toEqual([]);
      const { rows } = await owner.query(`select schemaname from pg_tables where tablename = 'audit_events'`);
      expect(rows).toEqual([{ schemaname: 'public' }]);
      await owner.end();
    },
  );

  it('another isolation of transactions', async () => {
    const { url } = await makeStore('postgres');
    const owner = new Client({ connectionString: url! });
    await owner.connect();
    await owner.query(
      `alter database ${new URL(url!).pathname.slice(1)} set default_transaction_isolation to serializable`,
    );
    await owner.end();
    const store = await openStore({ url, dataDir: '' });
    const level = `select current_setting('transaction_isolation') as level`;
    expect(await store.query(level)).toEqual([{ level: 'read committed' }]);
    expect(await store.transaction((transaction) => transaction.query(level))).toEqual([{ level: 'read committed' }]);
  });
});
