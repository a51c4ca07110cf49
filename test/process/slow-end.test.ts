/** An end while the database is slow: what is under way has its record, whoever still waits for it. */
import { Client } from 'pg';
import { eventually } from '../helpers/eventually';
import { operation } from '../helpers/execute';
import { openConnection, postText } from '../helpers/raw-connection';
import { startTestApp } from '../helpers/start-app';
import { makeStore, withPostgres } from '../helpers/stores';

withPostgres('a gateway that stops while the record of a kick waits for a lock', () => {
  it.each([
    ['whose caller has hung up', true, ['KICK_REQUESTED', 'KICK_FAILED']],
    ['whose caller waits', false, ['KICK_REQUESTED', 'KICK_SUCCEEDED']],
  ])('waits for one %s', async (_name, hasLeft, actions) => {
    const { url } = await makeStore('postgres');
    const app = await startTestApp({ DATABASE_URL: url!, GENAUTH_TIMEOUT_MS: '300' });
    const { demoUser, demoApp } = app.genauth.directory;
    const other = new Client({ connectionString: url! });
    await other.connect();
    await other.query('begin; lock table audit_events in share mode');
    const connection = await openConnection(app.url);
    const variables = { input: { userId: demoUser.userId, appIds: [demoApp.appId] } };
    connection.write(postText('/graphql', { query: operation('kick-users'), variables }, 'k1'));
    const isWaiting = async (): Promise<boolean> =>
      (await other.query(`select from pg_locks where relation = 'audit_events'::regclass and not granted`)).rowCount ===
      1;
    await eventually(isWaiting);
    if (hasLeft) connection.hangUp();
    const startedAt = performance.now();
    const stopped = app.stop();
    // Longer than a request may take whose database is quick.
    await eventually(() => performance.now() - startedAt > 1500);
    expect(await isWaiting()).toBe(true);
    await other.query('commit');
    await stopped;
    const { rows } = await other.query<{ action: string }>(
      `select action from audit_events where action like 'KICK%' order by seq`,
    );
    await other.end();
    expect(rows.map(({ action }) => action)).toEqual(actions);
    if (!hasLeft) expect(connection.text()).toMatch(/^HTTP\/1\.1 200 .*KickUsersSuccess/s);
  });
});
