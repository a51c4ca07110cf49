/** Jobs through the front door: accepted once, worked off, told of truly. On both stores. */
import type { Database } from '../../src/store/database';
import { eventually } from '../helpers/eventually';
import { execute, operation } from '../helpers/execute';
import { startTestApp, type TestApp } from '../helpers/start-app';
import { describeOnEachStore, makeStore, openStore } from '../helpers/stores';
import { acceptedJob, finishedJob, newKey, outcomesOf, readJob, run, startJob } from './jobs';

const KICK_USERS = '/api/v3/kick-users';
const NOBODY = { total: 0, pending: 0, kicked: 0, failed: 0, unknown: 0, skipped: 0 };

describeOnEachStore('jobs', (kind) => {
  let database: Database;
  let app: TestApp;
  let emails: string[];
  let appIds: string[];
  beforeAll(async () => {
    database = await openStore(await makeStore(kind));
    app = await startTestApp({ GENAUTH_TIMEOUT_MS: '2000' }, undefined, database);
    emails = app.genauth.directory.users.map(({ ids }) => ids.email);
    appIds = app.genauth.directory.apps.map(({ appId }) => appId);
  });
  beforeEach(() => {
    const { directory, faults } = app.genauth;
    faults.clear();
    app.genauth.clearReceived();
    for (const { userId } of directory.users) for (const appId of appIds) directory.signIn(userId, appId);
  });
  const isOnline = (email: string, appId: string) => {
    const { directory } = app.genauth;
    return directory.isOnline(directory.findUser('email', email)!.userId, appId);
  };
  const byEmail = (userIds: string[], more = {}) => ({
    userIds,
    appIds: appIds.slice(0, 1),
    options: { userIdType: 'EMAIL' },
    ...more,
  });

  it('kick every user of a list, and answer for each', async () => {
    const userIds = emails.slice(0, 20);
    const id = await acceptedJob(app, byEmail(userIds, { ticket: 'INC-7' }));
    const job = await finishedJob(app, id);
    expect(job).toMatchObject({
      id,
      state: 'COMPLETED',
      pausedReason: null,
      estimatedFinishAt: null,
      appIds: appIds.slice(0, 1),
      userIdType: 'EMAIL',
      verify: false,
      retryOf: null,
      reason: 'LEAKED_CREDENTIAL',
      ticket: 'INC-7',
      startedBy: 'developer',
      progress: { ...NOBODY, total: 20, kicked: 20 },
    });
    expect(outcomesOf(job)).toEqual(
      userIds.map((userId) => ({
        userId,
        state: 'KICKED',
        code: null,
        message: null,
        attempts: 1,
        finishedAt: expect.any(String),
        verifiedOffline: null,
      })),
    );
    expect(userIds.filter((email) => isOnline(email, appIds[0]!))).toEqual([]);
    expect(app.genauth.receivedCount(KICK_USERS)).toBe(20);
  });

  it('tell of unknown users, and answer duplicates by naming the first', async () => {
    const userIds = [emails[0]!, 'nobody@example.com', emails[1]!, emails[0]!];
    const job = await finishedJob(app, await acceptedJob(app, byEmail(userIds)));
    expect(outcomesOf(job)).toMatchObject([
      { state: 'KICKED' },
      { state: 'FAILED', code: 'USER_NOT_FOUND', attempts: 1 },
      { state: 'KICKED' },
      { state: 'SKIPPED', code: null, message: 'the same user as userIds[0]', attempts: 0 },
    ]);
    expect(job.progress).toEqual({ ...NOBODY, total: 4, kicked: 2, failed: 1, skipped: 1 });
    expect(app.genauth.receivedCount(KICK_USERS)).toBe(3);
  });

  it('take more than 50 apps in several calls: a user is out only when all of them said so', async () => {
    const { directory } = app.genauth;
    const many = Array.from({ length: 120 }, (_, index) => `extra-app-${index}`);
    many.forEach((appId) => directory.addApp({ appId, appIdentifier: appId, appName: appId }));
    const whole = await finishedJob(app, await acceptedJob(app, byEmail([emails[2]!], { appIds: many })));
    expect(outcomesOf(whole)).toMatchObject([{ state: 'KICKED', attempts: 3 }]);
    expect(app.genauth.received.map(({ body }) => (body as { appIds: string[] }).appIds.length)).toEqual([50, 50, 20]);
    app.genauth.faults.next({ kind: 'delay', ms: 1 });
    app.genauth.faults.next({ kind: 'envelope', statusCode: 403, message: 'no' });
    const part = await finishedJob(app, await acceptedJob(app, byEmail([emails[2]!], { appIds: many })));
    expect(outcomesOf(part)).toMatchObject([
      { state: 'FAILED', code: 'REJECTED', message: 'no (2 of the 3 calls for this user succeeded)' },
    ]);
  });

  describe('the idempotency key', () => {
    it('gives the same job for the same input, however often and at whatever moment', async () => {
      const input = byEmail(emails.slice(0, 3), { idempotencyKey: newKey() });
      const payloads = await Promise.all(Array.from({ length: 6 }, () => startJob(app, input)));
      const ids = new Set(payloads.map(({ job }) => job.id));
      expect(ids.size).toBe(1);
      await finishedJob(app, [...ids][0]);
      expect((await startJob(app, input)).job).toMatchObject({ id: [...ids][0], state: 'COMPLETED' });
      expect(app.genauth.receivedCount(KICK_USERS)).toBe(3);
    });

    it('with another input is a conflict', async () => {
      const idempotencyKey = newKey();
      await finishedJob(app, await acceptedJob(app, byEmail([emails[0]!], { idempotencyKey })));
      const other = await startJob(app, byEmail([emails[1]!], { idempotencyKey }));
      expect(other).toMatchObject({ __typename: 'StartKickJobError', code: 'IDEMPOTENCY_CONFLICT', retryable: false });
    });
  });

  it.each<[string, Record<string, unknown>, string[][]]>([
    ['no users', { userIds: [] }, [['userIds']]],
    ['no apps', { appIds: [] }, [['appIds']]],
    ['bad users', { userIds: ['a@example.com', 'no e-mail', ' '] }, [['userIds', '1'], ['userIds', '2']]], // prettier-ignore
    ['an app twice', { appIds: ['a', 'a'] }, [['appIds', '1']]],
    ['a blank key', { idempotencyKey: ' ' }, [['idempotencyKey']]],
    ['a long ticket', { ticket: 'x'.repeat(201) }, [['ticket']]],
    ['10 001 users', { userIds: Array.from({ length: 10_001 }, (_, i) => `u${i}@example.com`) }, [['userIds']]],
    ['501 apps', { appIds: Array.from({ length: 501 }, (_, i) => `app-${i}`) }, [['appIds']]],
  ])('%s: INVALID_INPUT, and no job', async (_name, more, paths) => {
    const payload = await startJob(app, byEmail(emails.slice(0, 1), more));
    expect(payload).toMatchObject({ __typename: 'StartKickJobError', code: 'INVALID_INPUT' });
    expect(payload.fieldErrors.map(({ path }: { path: string[] }) => path)).toEqual(paths);
  });

  it('of one caller: five may be open', async () => {
    // Nothing more is sent while the key is refused.
    const store = await openStore(await makeStore(kind));
    const held = await startTestApp({ GENAUTH_ACCESS_KEY_SECRET: 'wrong' }, undefined, store);
    const ids: string[] = [];
    for (let round = 0; round < 5; round++) ids.push(await acceptedJob(held, byEmail([emails[round]!])));
    expect(await startJob(held, byEmail([emails[6]!]))).toMatchObject({
      code: 'TOO_MANY_JOBS',
      retryable: true,
      retryAfterSeconds: expect.any(Number),
    });
    await run(held, 'cancel-kick-job', { id: ids[0] });
    await finishedJob(held, ids[0]!);
    await acceptedJob(held, byEmail([emails[6]!]));
  });

  it('are cancelled: calls in flight are answered, the rest is skipped', async () => {
    const users = Array.from({ length: 400 }, (_, index) => `load-${index}@example.com`);
    app.genauth.faults.always({ kind: 'delay', ms: 700 });
    const id = await acceptedJob(app, byEmail([...emails.slice(0, 5), ...users]));
    await eventually(() => app.genauth.receivedCount(KICK_USERS) > 0);
    expect(await run(app, 'cancel-kick-job', { id })).toMatchObject({ __typename: 'CancelKickJobSuccess' });
    const job = await finishedJob(app, id);
    const sent = app.genauth.receivedCount(KICK_USERS);
    expect(sent).toBeLessThan(405);
    expect(job).toMatchObject({
      state: 'CANCELLED',
      progress: { total: 405, pending: 0, unknown: 0, skipped: 405 - sent },
    });
    expect(job.progress.kicked + job.progress.failed).toBe(sent);
    const skipped = await readJob(app, id, { first: 1, state: 'SKIPPED' });
    expect(outcomesOf(skipped)[0]).toMatchObject({ state: 'SKIPPED', message: 'the job was cancelled' });
    expect(await run(app, 'cancel-kick-job', { id })).toMatchObject({
      __typename: 'CancelKickJobError',
      code: 'JOB_FINISHED',
    });
  });

  it('are retried for the failed users only', async () => {
    app.genauth.faults.next({ kind: 'envelope', statusCode: 403, message: 'not now' });
    const id = await acceptedJob(app, byEmail([emails[0]!], { verify: true }));
    await finishedJob(app, id);
    const idempotencyKey = newKey();
    const { job } = await run(app, 'retry-kick-job', { id, idempotencyKey });
    const retried = await finishedJob(app, job.id);
    expect(outcomesOf(retried)).toMatchObject([{ userId: emails[0], state: 'KICKED', verifiedOffline: true }]);
    expect(retried).toMatchObject({ retryOf: id, userIdType: 'EMAIL', verify: true });
    expect((await run(app, 'retry-kick-job', { id, idempotencyKey })).job.id).toBe(job.id);
    expect(await run(app, 'retry-kick-job', { id: job.id, idempotencyKey: newKey() })).toMatchObject({
      code: 'INVALID_INPUT',
      fieldErrors: [{ path: ['id'] }],
    });
    expect(await run(app, 'retry-kick-job', { id: 'nothing', idempotencyKey: newKey() })).toMatchObject({
      code: 'JOB_NOT_FOUND',
    });
  });

  it('have an audit record for the job, and two for each call, all with its id', async () => {
    const id = await acceptedJob(app, byEmail(emails.slice(0, 2), { ticket: 'INC-9' }));
    await finishedJob(app, id);
    const { data } = await execute(app, operation('audit-events'), { jobId: id });
    const events = data.auditEvents.edges.map(({ node }: { node: { action: string } }) => node);
    expect(events.map(({ action }: { action: string }) => action).toSorted()).toEqual([
      'JOB_FINISHED',
      'JOB_STARTED',
      'KICK_REQUESTED',
      'KICK_REQUESTED',
      'KICK_SUCCEEDED',
      'KICK_SUCCEEDED',
    ]);
    for (const event of events) expect(event).toMatchObject({ actor: 'developer', jobId: id });
  });

  it('are listed newest first, and paged with their users', async () => {
    const id = await acceptedJob(app, byEmail(emails.slice(0, 5)));
    await finishedJob(app, id);
    const { edges, pageInfo } = await run(app, 'kick-jobs', { first: 1 });
    expect([edges[0].node.id, pageInfo.hasNextPage]).toEqual([id, true]);
    const older = await run(app, 'kick-jobs', { first: 1, after: pageInfo.endCursor });
    expect(older.edges[0].node.id).not.toBe(id);
    const first = await readJob(app, id, { first: 3 });
    const { endCursor: after } = first.outcomes.pageInfo;
    const second = await readJob(app, id, { first: 3, after });
    const users = [...outcomesOf(first), ...outcomesOf(second)].map(({ userId }) => userId);
    expect(users).toEqual(emails.slice(0, 5));
    expect((await readJob(app, id, { state: 'FAILED' })).outcomes.edges).toEqual([]);
    expect(await readJob(app, '00000000-0000-4000-8000-000000000000')).toBeNull();
    expect(await readJob(app, 'nothing')).toBeNull();
  });
});
