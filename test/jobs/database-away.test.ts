/** While the database is away, jobs and the trail say so, and when to ask again; a bug of ours stays one. */
import { Client } from 'pg';
import { atEnd } from '../helpers/at-end';
import { eventually } from '../helpers/eventually';
import { execute, operation } from '../helpers/execute';
import { failing, LOST } from '../helpers/failing-database';
import { startPostgres, type PostgresServer } from '../helpers/postgres';
import { scrape } from '../helpers/scrape';
import { startTestApp, type TestApp } from '../helpers/start-app';
import { describeOnEachStore, makeStore, openStore, withPostgres } from '../helpers/stores';
import { acceptedJob, finishedJob, newKey, outcomesOf, readJob, run, startJob } from './jobs';
import { watchJob } from './watch';

const KICK_USERS = '/api/v3/kick-users';
const CHECK_SESSION = '/api/v3/check-session-status';
const USERS = { userIds: ['nobody'], appIds: ['none'] };

const failures = async (app: TestApp) => (await scrape(app)).value('kick_gateway_operations_total', { outcome: 'failed' }); // prettier-ignore

async function connect(connectionString: string): Promise<Client> {
  const client = new Client({ connectionString });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

withPostgres('while PostgreSQL is away', () => {
  let server: PostgresServer;
  let app: TestApp;
  let job: string;
  beforeAll(async () => {
    server = await startPostgres();
    atEnd(server.stop);
    app = await startTestApp({ DATABASE_URL: server.url });
    job = await acceptedJob(app, USERS);
    await finishedJob(app, job);
    await run(app, 'audit-events', {});
    await server.halt('immediate');
  });

  it.each<[string, () => Record<string, unknown>]>([
    ['kick-job', () => ({ id: job })],
    ['kick-jobs', () => ({})],
    ['audit-events', () => ({})],
  ])('%s is answered 503 and AUDIT_UNAVAILABLE', async (name, variables) => {
    const { status, headers, errors } = await execute(app, operation(name), variables());
    expect(errors).toMatchObject([
      { message: 'The database cannot be used at the moment.', extensions: { code: 'AUDIT_UNAVAILABLE' } },
    ]);
    expect([status, headers.get('retry-after')]).toEqual([503, '1']);
  });

  it.each<[string, () => Record<string, unknown>]>([
    ['start-kick-job', () => ({ input: { ...USERS, reason: 'OTHER', idempotencyKey: newKey() } })],
    ['retry-kick-job', () => ({ id: job, idempotencyKey: newKey() })],
    ['cancel-kick-job', () => ({ id: job })],
  ])('%s is answered AUDIT_UNAVAILABLE, to be repeated', async (name, variables) => {
    const payload = await run(app, name, variables());
    expect(payload).toMatchObject({ code: 'AUDIT_UNAVAILABLE', retryable: true, retryAfterSeconds: 1 });
    expect(payload.message).toContain('The database cannot be used at the moment.');
  });

  it('a stream does not begin, with 503', async () => {
    const stream = await watchJob(app, job);
    await stream.ended;
    expect(stream).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
    expect(JSON.parse(stream.text()).errors).toMatchObject([{ extensions: { code: 'AUDIT_UNAVAILABLE' } }]);
  });

  it('the log says why, and nothing counts as a bug; what is asked again then is done', async () => {
    const input = { ...USERS, idempotencyKey: newKey() };
    expect(await startJob(app, input)).toMatchObject({
      message: expect.stringContaining('This request has begun no job; ask again with the same idempotency key.'),
    });
    const reasons = app.logs.filter(({ msg }) => msg === 'the database can not be used');
    expect(reasons.length).toBeGreaterThan(0);
    for (const line of reasons) expect(line).toMatchObject({ level: 40, reason: expect.stringMatching(/./) });
    expect(app.logs.filter(({ msg }) => msg === 'unexpected error')).toEqual([]);
    expect(await failures(app)).toBe(0);
    const ofQueue = () => app.logs.filter(({ msg }) => /^the job queue can/.test(String(msg)));
    await eventually(() => ofQueue().length > 0);
    expect(ofQueue()).toMatchObject([{ level: 40, msg: 'the job queue can not be read', reason: expect.any(String) }]);
    await server.start();
    await eventually(() => ofQueue().length > 1);
    expect(ofQueue().slice(1)).toMatchObject([{ level: 30, msg: 'the job queue can be read again' }]);
    const payload = await eventually(
      () => startJob(app, input),
      ({ __typename }) => __typename === 'StartKickJobSuccess',
    );
    expect(await finishedJob(app, payload.job.id)).toMatchObject({ progress: { total: 1 } });
  });

  it('as is a statement that was under way', async () => {
    const locking = await connect(server.url);
    await locking.query('begin; lock table kick_lines in access exclusive mode');
    const answer = execute(app, operation('kick-job'), { id: job });
    const looking = await connect(server.url);
    const waiting = `select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like '%from kick_lines%'`;
    await eventually(async () => (await looking.query(waiting)).rows.length > 0);
    await server.halt('immediate');
    expect(await answer).toMatchObject({ status: 503, errors: [{ extensions: { code: 'AUDIT_UNAVAILABLE' } }] });
    expect(await failures(app)).toBe(0);
    await server.start();
  });
});

describeOnEachStore('an answer of the database', (kind) => {
  let app: TestApp;
  let failNext: ReturnType<typeof failing>['failNext'];
  let failed: ReturnType<typeof failing>['failed'];
  beforeAll(async () => {
    const made = failing(await openStore(await makeStore(kind)));
    ({ failNext, failed } = made);
    app = await startTestApp({}, undefined, made.store);
  });
  const SETTLING = /verified_offline = c\.verified_offline/;
  const SAVING = /set attempts = c\.attempts, calls = c\.calls, reads_done/;
  const outcomesCounted = async () =>
    (await scrape(app)).value('kick_gateway_job_outcomes_total', { state: 'KICKED' }) ?? 0;
  const IN_DOUBT = { code: 'AUDIT_UNAVAILABLE', mayHaveTakenEffect: true };
  const recordsOf = async (jobId: string, action: string) => {
    const { edges } = await run(app, 'audit-events', { jobId });
    return (edges as { node: { action: string } }[]).map(({ node }) => node).filter((node) => node.action === action);
  };

  it('that is lost with a job: it may have been accepted, and the same key tells', async () => {
    const input = { ...USERS, idempotencyKey: newKey() };
    failNext({ error: LOST, isDone: true, where: /lockCaller/ });
    expect(await startJob(app, input)).toMatchObject({
      code: 'AUDIT_UNAVAILABLE',
      message: expect.stringContaining('The job may have been accepted all the same: ask again with the same'),
    });
    const { edges } = await run(app, 'kick-jobs', {});
    expect((await startJob(app, input)).job.id).toBe(edges[0].node.id);
    expect((await run(app, 'kick-jobs', {})).edges).toHaveLength(1);
    expect(await recordsOf(edges[0].node.id, 'JOB_STARTED')).toMatchObject([IN_DOUBT]);
    await finishedJob(app, edges[0].node.id);
  });

  it('that is lost with a cancellation: it may have been cancelled', async () => {
    app.genauth.faults.always({ kind: 'envelope', statusCode: 429, message: 'slow down' });
    const id = await acceptedJob(app, USERS);
    failNext({ error: LOST, isDone: true, where: /state = 'CANCELLING' where/ });
    expect(await run(app, 'cancel-kick-job', { id })).toMatchObject({
      code: 'AUDIT_UNAVAILABLE',
      message: expect.stringContaining('The job may have been cancelled all the same: ask again.'),
    });
    expect(['CANCELLING', 'CANCELLED']).toContain((await readJob(app, id)).state);
    expect(await recordsOf(id, 'JOB_CANCELLED')).toMatchObject([IN_DOUBT]);
    app.genauth.faults.clear();
    await finishedJob(app, id);
  });

  it.each([false, true])(
    'that is lost with "sent" (which stands: %s), before anything is sent: no failure of the kick, and no bug',
    async (isDone) => {
      const { directory } = app.genauth;
      const user = directory.users[4]!;
      directory.signIn(user.userId, directory.demoApp.appId);
      const readings = app.genauth.receivedCount(CHECK_SESSION);
      failNext({ error: LOST, isDone, where: /sent_at = case/ });
      const id = await acceptedJob(app, { userIds: [user.userId], appIds: [directory.demoApp.appId] });
      const job = await finishedJob(app, id);
      expect(failed()).toBe(1);
      // It is known here that nothing was sent, so nothing is read back and the call is the first one.
      expect(outcomesOf(job)).toMatchObject([{ state: 'KICKED', attempts: 1 }]);
      expect(app.genauth.receivedCount(CHECK_SESSION)).toBe(readings);
      expect(await recordsOf(id, 'KICK_FAILED')).toEqual([]);
      expect(await recordsOf(id, 'KICK_REQUESTED')).toHaveLength(1);
    },
  );

  it.each([false, true])('that is lost with a refusal for now (which stands: %s): it was not sent', async (isDone) => {
    const { directory, faults } = app.genauth;
    const user = directory.users[4]!;
    directory.signIn(user.userId, directory.demoApp.appId);
    const readings = app.genauth.receivedCount(CHECK_SESSION);
    // Not tried again within the same call, so that it is written down.
    faults.next({ kind: 'status', status: 429, headers: { 'retry-after': '1' } });
    failNext({ error: LOST, isDone, where: SAVING }, 3);
    const id = await acceptedJob(app, { userIds: [user.userId], appIds: [directory.demoApp.appId] });
    expect(outcomesOf(await finishedJob(app, id))).toMatchObject([{ state: 'KICKED', attempts: 2 }]);
    expect(app.genauth.receivedCount(CHECK_SESSION)).toBe(readings);
    expect(failed()).toBe(3);
  });

  it.each([false, true])(
    'that is lost with an outcome (which stands: %s), again and again: it stands once',
    async (isDone) => {
      const { directory } = app.genauth;
      const user = directory.users[4]!;
      directory.signIn(user.userId, directory.demoApp.appId);
      const [kicks, readings] = [KICK_USERS, CHECK_SESSION].map((path) => app.genauth.receivedCount(path));
      const counted = await outcomesCounted();
      failNext({ error: LOST, isDone, where: SETTLING }, 3);
      const id = await acceptedJob(app, { userIds: [user.userId], appIds: [directory.demoApp.appId] });
      expect(outcomesOf(await finishedJob(app, id))).toMatchObject([{ state: 'KICKED', attempts: 1 }]);
      await eventually(outcomesCounted, (count) => count === counted + 1);
      expect(failed()).toBe(3);
      expect([KICK_USERS, CHECK_SESSION].map((path) => app.genauth.receivedCount(path))).toEqual([
        kicks! + 1,
        readings,
      ]);
    },
  );

  it.each([false, true])(
    'that is lost with an outcome found by reading back (which stands: %s): it is on record once',
    async (isDone) => {
      const { directory, faults } = app.genauth;
      const user = directory.users[4]!;
      directory.signIn(user.userId, directory.demoApp.appId);
      faults.next({ kind: 'html', afterEffect: true });
      failNext({ error: LOST, isDone, where: SETTLING });
      const id = await acceptedJob(app, { userIds: [user.userId], appIds: [directory.demoApp.appId] });
      expect((await finishedJob(app, id)).progress).toMatchObject({ kicked: 1 });
      expect(failed()).toBe(1);
      await eventually(
        () => recordsOf(id, 'USER_RESOLVED'),
        (records) => records.length > 0,
      );
      expect(await recordsOf(id, 'USER_RESOLVED')).toHaveLength(1);
    },
  );

  it.each(['42P01', '23505', '22003', '40P01'])('that is %s is a bug of ours, and masked', async (code) => {
    const before = (await failures(app)) ?? 0;
    failNext({
      error: Object.assign(new Error('c4nary'), { code }),
      isDone: false,
      where: /from kick_jobs where position/,
    });
    const { status, errors, text } = await execute(app, operation('kick-jobs'));
    expect([status, errors?.[0]?.extensions['code']]).toEqual([200, 'INTERNAL_SERVER_ERROR']);
    expect(text).not.toContain('c4nary');
    expect(await failures(app)).toBe(before + 1);
  });
});
