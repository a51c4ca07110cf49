/** An end while the database is slow: what is under way has its record, whoever still waits for it. */
import { Client } from 'pg';
import { eventually } from '../helpers/eventually';
import { operation } from '../helpers/execute';
import { openConnection, postText } from '../helpers/raw-connection';
import { startTestApp } from '../helpers/start-app';
import { makeStore, withPostgres } from '../helpers/stores';

/** Time enough for the kick on a busy machine. Milliseconds. */
const TIMEOUT_MS = 3000;
/** An end waits so long for requests whose database is quick (see app.ts), and longer for those whose database isn't. */
const CUT_OFF_MS = TIMEOUT_MS + 1000;

withPostgres('a gateway that stops while the record of a kick waits for a lock', () => {
  it.each([
    ['whose caller has hung up', true, ['KICK_REQUESTED', 'KICK_FAILED']],
    ['whose caller waits', false, ['KICK_REQUESTED', 'KICK_SUCCEEDED']],
  ])('waits for one %s', async (_name, hasLeft, actions) => {
    const { url } = await makeStore('postgres');
    const app = await startTestApp({ DATABASE_URL: url!, GENAUTH_TIMEOUT_MS: String(TIMEOUT_MS) });
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
    await eventually(() => performance.now() - startedAt > CUT_OFF_MS + 200);
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
