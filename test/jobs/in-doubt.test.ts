/** No outcome says more than is known: neither a yes that nobody gave, nor a no that may be none. */
import { randomUUID } from 'node:crypto';
import type { Fault } from '../../src/emulator/fault';
import { claimLines } from '../../src/jobs/kick-line.repository';
import { LineStore } from '../../src/jobs/line-store';
import type { Database } from '../../src/store/database';
import { eventually } from '../helpers/eventually';
import { startHeldUpstream } from '../helpers/held-upstream';
import { makeJob } from '../helpers/make-job';
import { startTestApp, startTestEmulator } from '../helpers/start-app';
import { describeOnEachStore, makeStore, openStore } from '../helpers/stores';
import { acceptedJob, finishedJob, outcomesOf, readJob, run } from './jobs';

const CHECK_SESSION = '/api/v3/check-session-status';
const KICK_USERS = '/api/v3/kick-users';
const NO_READING: Fault = { kind: 'envelope', statusCode: 403, message: 'no' };

describe('a job that is cancelled while a call of it is without an answer', () => {
  const unanswered = { statusCode: 503, message: 'maintenance' };

  it.each([
    ['503', 1, unanswered],
    ['a broken connection', 1, null],
    ['503 to the first of two calls', 60, unanswered],
    ['a broken connection at the first of two calls', 60, null],
  ])('leaves the user UNKNOWN after %s', async (_name, apps, envelope) => {
    const upstream = await startHeldUpstream();
    const store = await openStore(await makeStore('embedded'));
    const environment = { GENAUTH_HOST: upstream.url, GENAUTH_TIMEOUT_MS: '1000' };
    const app = await startTestApp(environment, undefined, store);
    const appIds = Array.from({ length: apps }, (_, index) => `app-${index}`);
    const id = await acceptedJob(app, { userIds: ['victim'], appIds });
    await eventually(() => upstream.paths.length === 1);
    await run(app, 'cancel-kick-job', { id });
    upstream.answer(envelope);
    // Reading back has no answer either.
    const answering = setInterval(() => upstream.paths.length > 1 && upstream.answer(envelope), 20);
    const job = await finishedJob(app, id).finally(() => clearInterval(answering));
    expect(job.state).toBe('CANCELLED');
    expect(outcomesOf(job)).toEqual([expect.objectContaining({ state: 'UNKNOWN' })]);
    expect(upstream.paths.filter((path) => path === KICK_USERS)).toHaveLength(1);
  });

  it('of a thousand users calls none KICKED who is online', async () => {
    const genauth = await startTestEmulator({ extraUsers: 1000 });
    const app = await startTestApp({}, genauth, await openStore(await makeStore('embedded')));
    const { directory, faults } = genauth;
    const { appId } = directory.demoApp;
    faults.always({ kind: 'envelope', statusCode: 503, message: 'maintenance' }, { probability: 0.5 });
    const userIds = directory.users.filter(({ name }) => name.startsWith('load-')).map(({ userId }) => userId);
    const id = await acceptedJob(app, { userIds, appIds: [appId] });
    await eventually(
      () => readJob(app, id),
      (job) => job.progress.kicked > 100,
    );
    await run(app, 'cancel-kick-job', { id });
    await finishedJob(app, id);
    const untrue: string[] = [];
    for (let after: string | null = null, hasMore = true; hasMore;) {
      const { outcomes } = await readJob(app, id, { first: 100, after });
      for (const { state, userId } of outcomesOf({ outcomes }) as { state: string; userId: string }[]) {
        if (state === 'KICKED' && directory.isOnline(userId, appId)) untrue.push(userId);
      }
      ({ endCursor: after, hasNextPage: hasMore } = outcomes.pageInfo);
    }
    expect(untrue).toEqual([]);
  });
});

describeOnEachStore('a user', (kind) => {
  async function start(settings: Record<string, string> = {}, wrap = (store: Database) => store) {
    const store = await openStore(await makeStore(kind));
    const app = await startTestApp({ GENAUTH_TIMEOUT_MS: '3000', ...settings }, undefined, wrap(store));
    const { directory, faults } = app.genauth;
    const { userId } = directory.users[3]!;
    const { appId } = directory.demoApp;
    directory.signIn(userId, appId);
    return { app, store, directory, faults, userId, appId };
  }

  it.each<[string, Fault, string]>([
    ['an answer that is none', { kind: 'html', afterEffect: true }, 'UPSTREAM_INVALID_RESPONSE'],
    ['a 503', { kind: 'envelope', statusCode: 503, message: 'maintenance', afterEffect: true }, 'REJECTED'],
  ])('who was kicked with %s is UNKNOWN, not FAILED, when the repetition is refused', async (_name, unclear, code) => {
    const { app, faults, directory, userId, appId } = await start({ GENAUTH_BREAKER_FAILURES: '0' });
    faults.next(unclear);
    faults.always(NO_READING, { path: CHECK_SESSION });
    faults.always(NO_READING, { path: KICK_USERS });
    const job = await finishedJob(app, await acceptedJob(app, { userIds: [userId], appIds: [appId] }));
    expect(directory.isOnline(userId, appId)).toBe(false);
    expect(outcomesOf(job)[0]).toMatchObject({ state: 'UNKNOWN', code });
  });

  it('who was kicked is KICKED when the job is cancelled while that is verified', async () => {
    const { app, faults, directory, userId } = await start();
    const appIds = Array.from({ length: 40 }, (_, index) => `slow-app-${index}`);
    for (const each of appIds) directory.addApp({ appId: each, appIdentifier: each, appName: each });
    for (const each of appIds) directory.signIn(userId, each);
    faults.always({ kind: 'delay', ms: 100 }, { path: CHECK_SESSION });
    const id = await acceptedJob(app, { userIds: [userId], appIds, verify: true });
    // More than fit into one turn of a chunk, so that what is known is in the row.
    await eventually(() => app.genauth.receivedCount(CHECK_SESSION) > 12);
    await run(app, 'cancel-kick-job', { id });
    const job = await finishedJob(app, id);
    expect(job).toMatchObject({ state: 'CANCELLED', progress: { kicked: 1, skipped: 0 } });
    expect(outcomesOf(job)[0]).toMatchObject({
      state: 'KICKED',
      message: 'GenAuth confirmed the kick; the job was cancelled before it was read back.',
      verifiedOffline: null,
    });
  });

  it.each([
    ['before', [NO_READING]],
    ['before and between', [NO_READING, null, NO_READING]],
  ])('seen online is FAILED, though reading failed %s', async (_name, readings) => {
    const { app, faults, directory, userId, appId } = await start();
    faults.next({ kind: 'envelope', statusCode: 200, message: 'ok', data: { success: true } });
    for (const reading of readings) faults.next(reading ?? { kind: 'delay', ms: 1 }, 1, CHECK_SESSION);
    const job = await finishedJob(app, await acceptedJob(app, { userIds: [userId], appIds: [appId], verify: true }));
    expect(directory.isOnline(userId, appId)).toBe(true);
    const seen = 3 - readings.filter((reading) => reading !== null).length;
    expect(outcomesOf(job)[0]).toMatchObject({
      state: 'FAILED',
      message: `GenAuth confirmed the kick, but the user was still online at ${seen} of 3 reads; the others failed.`,
      verifiedOffline: false,
    });
  });

  it('of a job that is cancelled again is skipped, where the first time came to nothing', async () => {
    let isBroken = true;
    const { app, appId } = await start({ GENAUTH_ACCESS_KEY_SECRET: 'wrong' }, (store) => ({
      ...store,
      query: (sql, parameters, name) => {
        if (!isBroken || !sql.includes('with unsent as')) return store.query(sql, parameters, name);
        isBroken = false;
        return Promise.reject(Object.assign(new Error('canceling statement'), { code: '57014' }));
      },
    }));
    // Nothing is taken from the queue while the key is refused.
    await run(app, 'kick-users', { input: { userId: 'nobody', appIds: [appId] } });
    const id = await acceptedJob(app, { userIds: ['u1', 'u2', 'u3'], appIds: [appId] });
    expect(await run(app, 'cancel-kick-job', { id })).toMatchObject({ code: 'AUDIT_UNAVAILABLE' });
    expect(await run(app, 'cancel-kick-job', { id })).toMatchObject({ job: { state: 'CANCELLED' } });
    expect(await readJob(app, id)).toMatchObject({ progress: { pending: 0, skipped: 3 } });
  });

  it('has a job whose end is on record, though counting failed at first', async () => {
    let isArmed = true;
    const failing = (query: Database['query']): Database['query'] =>
      function count(sql, parameters, name) {
        if (!isArmed || !/count\(\*\).*from kick_lines.*group by state/.test(sql)) return query(sql, parameters, name);
        isArmed = false;
        return Promise.reject(new Error('Connection terminated unexpectedly'));
      };
    const { app, appId, userId } = await start({ GENAUTH_TIMEOUT_MS: '1000' }, (store) => ({
      ...store,
      query: failing(store.query),
      transaction: (work) => store.transaction((inner) => work({ ...inner, query: failing(inner.query) })),
    }));
    const id = await acceptedJob(app, { userIds: [userId], appIds: [appId] });
    await eventually(async () => {
      const { edges } = await run(app, 'audit-events', { jobId: id });
      return edges.some(({ node }: { node: { action: string } }) => node.action === 'JOB_FINISHED');
    });
    expect(isArmed).toBe(false);
  });

  it('is written to by one of two who take the line for theirs at the same time', async () => {
    const store = await openStore(await makeStore(kind));
    const jobId = await makeJob(store, 1);
    const [late, owner] = [randomUUID(), randomUUID()];
    await claimLines(store, jobId, 0, 0, late);
    await claimLines(store, jobId, 0, 0, owner);
    const ended: unknown[] = [];
    const lines = new LineStore(store, (end) => ended.push(end));
    const change = {
      jobId,
      line: 0,
      attempts: 0,
      isMarkInDoubt: false,
      calls: 's',
      reading: { done: 0, tried: '' },
      failure: null,
    };
    const mark = (by: string) => lines.markSent({ ...change, owner: by });
    expect(await Promise.all([mark(late), mark(owner), mark(late)])).toEqual([false, true, false]);
    const outcome = { calls: 'k', state: 'KICKED', code: null, message: null, verifiedOffline: null } as const;
    const settle = (by: string) => lines.settle({ ...change, attempts: 1, ...outcome, owner: by });
    expect(await Promise.all([settle(late), settle(owner)])).toEqual([false, true]);
    expect(ended).toHaveLength(1);
  });
});
