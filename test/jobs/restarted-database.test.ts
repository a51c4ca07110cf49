/** A database that is restarted in the middle of a job costs no user their outcome: what is known is written when it is back. */
import type { Database } from '../../src/store/database';
import { kicksOf } from '../durability/crowd';
import { atEnd } from '../helpers/at-end';
import { eventually } from '../helpers/eventually';
import { failing, LOST } from '../helpers/failing-database';
import { startHeldUpstream } from '../helpers/held-upstream';
import { startPostgres } from '../helpers/postgres';
import { startTestApp, startTestEmulator } from '../helpers/start-app';
import { describeOnEachStore, makeStore, openStore, withPostgres } from '../helpers/stores';
import { acceptedJob, finishedJob, outcomesOf } from './jobs';

const KICK_USERS = '/api/v3/kick-users';
const CHECK_SESSION = '/api/v3/check-session-status';
const SETTLING = /verified_offline = c\.verified_offline/;
const SAVING = /set attempts = c\.attempts, calls = c\.calls, reads_done/;
const USERS = 400;
const JOB = { userIds: ['victim'], appIds: ['app'] };

/** Counts the statements that failed. */
function counting(database: Database) {
  const failures: string[] = [];
  const query: Database['query'] = (sql, parameters) =>
    database.query<never>(sql, parameters).catch((error: unknown) => {
      failures.push(sql);
      throw error;
    });
  return { store: { ...database, query }, count: (what: RegExp) => failures.filter((sql) => what.test(sql)).length };
}

withPostgres('a PostgreSQL that goes while a call is under way, and comes back', () => {
  async function start() {
    const server = await startPostgres();
    atEnd(server.stop);
    const { store, count } = counting(await openStore({ url: server.url, dataDir: '' }));
    const upstream = await startHeldUpstream();
    const app = await startTestApp({ GENAUTH_HOST: upstream.url, GENAUTH_TIMEOUT_MS: '60000' }, undefined, store);
    const id = await acceptedJob(app, JOB);
    await eventually(() => upstream.paths.length === 1);
    await server.halt('immediate');
    return { server, count, upstream, app, id };
  }

  it('does not make a user UNKNOWN whose kick was answered meanwhile', async () => {
    const { server, count, upstream, app, id } = await start();
    upstream.answer({ statusCode: 200, message: 'ok', data: { success: true } });
    await eventually(() => count(SETTLING) > 1);
    await server.start();
    expect(outcomesOf(await finishedJob(app, id))).toMatchObject([{ state: 'KICKED', attempts: 1 }]);
    expect(upstream.paths).toEqual([KICK_USERS]);
  });

  it('nor one whose kick was refused for now: it is sent again', async () => {
    const { server, count, upstream, app, id } = await start();
    upstream.answer({ statusCode: 429, message: 'slow down' });
    await eventually(() => count(SAVING) > 1);
    await server.start();
    await eventually(() => upstream.paths.length > 1);
    upstream.answer({ statusCode: 200, message: 'ok', data: { success: true } });
    expect(outcomesOf(await finishedJob(app, id))).toMatchObject([{ state: 'KICKED', attempts: 2 }]);
    expect(upstream.paths).toEqual([KICK_USERS, KICK_USERS]);
  });
});

withPostgres('a PostgreSQL that is restarted again and again', () => {
  it('makes no user of a job UNKNOWN, and calls nobody twice', async () => {
    const server = await startPostgres();
    atEnd(server.stop);
    const genauth = await startTestEmulator({ extraUsers: USERS });
    genauth.faults.always({ kind: 'delay', ms: 50 });
    const app = await startTestApp({ DATABASE_URL: server.url, GENAUTH_MAX_RPS: '150' }, genauth);
    const userIds = genauth.directory.users.filter(({ name }) => name.startsWith('load-')).map(({ userId }) => userId);
    const id = await acceptedJob(app, { userIds, appIds: [genauth.directory.demoApp.appId] });
    for (const part of [0.1, 0.3, 0.5, 0.7]) {
      await eventually(() => genauth.receivedCount(KICK_USERS) > part * USERS);
      await server.restart('immediate');
    }
    const job = await eventually(
      // No answer while the database is away.
      () => finishedJob(app, id).catch(() => null),
      (finished) => finished !== null,
    );
    expect(job!.progress).toEqual({ total: USERS, pending: 0, kicked: USERS, failed: 0, unknown: 0, skipped: 0 });
    expect([...kicksOf(genauth)].filter(([, times]) => times !== 1)).toEqual([]);
    // What came of each call was known all the time.
    expect(genauth.receivedCount(CHECK_SESSION)).toBe(0);
  });
});

describeOnEachStore('an outcome that can not be written', (kind) => {
  it('does not hold up the end of the process', async () => {
    const { store, failNext, failed } = failing(await openStore(await makeStore(kind)));
    const upstream = await startHeldUpstream();
    const app = await startTestApp({ GENAUTH_HOST: upstream.url }, undefined, store);
    await acceptedJob(app, JOB);
    await eventually(() => upstream.paths.length === 1);
    failNext({ error: LOST, isDone: false, where: SETTLING }, Infinity);
    upstream.answer({ statusCode: 200, message: 'ok', data: { success: true } });
    await eventually(() => failed() > 1);
    const before = failed();
    await app.stop();
    expect(failed() - before).toBeLessThan(3);
    expect(app.logs).toContainEqual(expect.objectContaining({ msg: 'a chunk of a job was broken off' }));
  });
});
