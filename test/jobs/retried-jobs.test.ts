/** What a retry takes along, and whose a key is. */
import type { Database } from '../../src/store/database';
import { eventually } from '../helpers/eventually';
import { makeJob } from '../helpers/make-job';
import { startTestApp, type TestApp } from '../helpers/start-app';
import { describeOnEachStore, makeStore, openStore } from '../helpers/stores';
import { acceptedJob, finishedJob, newKey, outcomesOf, readJob, run, startJob } from './jobs';

const REFUSED = { kind: 'envelope', statusCode: 403, message: 'no' } as const;
const LATER = { kind: 'status', status: 429 } as const;

describeOnEachStore('a retry', (kind) => {
  let database: Database;
  let app: TestApp;
  let userIds: string[];
  let appIds: string[];
  beforeAll(async () => {
    database = await openStore(await makeStore(kind));
    app = await startTestApp({ GENAUTH_TIMEOUT_MS: '2000' }, undefined, database);
    userIds = app.genauth.directory.users.slice(0, 4).map(({ userId }) => userId);
    appIds = [app.genauth.directory.demoApp.appId];
  });
  beforeEach(() => app.genauth.faults.clear());

  const failedJob = async (): Promise<string> => {
    app.genauth.faults.next(REFUSED);
    const id = await acceptedJob(app, { userIds: [userIds[0]], appIds });
    await finishedJob(app, id);
    return id;
  };
  const retry = (id: string, idempotencyKey = newKey()) => run(app, 'retry-kick-job', { id, idempotencyKey });

  it('is of those who failed and of those who are in doubt, in their order, and of nobody else', async () => {
    const id = await acceptedJob(app, { userIds, appIds });
    await finishedJob(app, id);
    for (const [line, state] of [
      [1, 'UNKNOWN'],
      [2, 'SKIPPED'],
      [3, 'FAILED'],
    ] as const) {
      await database.query('update kick_lines set state = $3 where job_id = $1 and line = $2', [id, line, state]);
    }
    const { job } = await retry(id);
    const outcomes = outcomesOf(await finishedJob(app, job.id));
    expect(outcomes.map(({ userId }) => userId)).toEqual([userIds[1], userIds[3]]);
  });

  it('of another job with the same key is a conflict: its users would wait for nobody', async () => {
    const [one, other] = [await failedJob(), await failedJob()];
    const key = newKey();
    const { job } = await retry(one, key);
    expect(await retry(other, key)).toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
    await finishedJob(app, job.id);
  });

  it('of a job that is under way is refused, though one of its users has failed', async () => {
    app.genauth.faults.next(REFUSED);
    app.genauth.faults.always(LATER);
    const id = await acceptedJob(app, { userIds, appIds });
    await eventually(
      () => readJob(app, id),
      ({ progress }) => progress.failed === 1,
    );
    expect(await retry(id)).toMatchObject({ code: 'INVALID_INPUT', fieldErrors: [{ path: ['id'] }] });
    app.genauth.faults.clear();
    await finishedJob(app, id);
  });

  it.each<[string, Record<string, unknown>]>([
    ['users', { userIds: ['somebody else'] }],
    ['apps', { appIds: ['another app'] }],
    ['type of id', { options: { userIdType: 'USERNAME' } }],
    ['reason', { reason: 'OTHER' }],
    ['ticket', { ticket: 'INC-2' }],
    ['verify', { verify: true }],
  ])('of a start with the same key and another input (%s) is a conflict', async (_what, change) => {
    const input = { userIds: ['somebody'], appIds, ticket: 'INC-1', idempotencyKey: newKey() };
    const { job } = await startJob(app, input);
    expect((await startJob(app, input)).job.id).toBe(job.id);
    expect(await startJob(app, { ...input, ...change })).toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
    await finishedJob(app, job.id);
  });

  it('and a key, and the number of open jobs, are those of a subject of one issuer', async () => {
    const { idempotency_key: key } = await namesake(database);
    for (let more = 0; more < 5; more++) await namesake(database);
    const payload = await startJob(app, { userIds: ['x'], appIds, idempotencyKey: key });
    expect(payload).toMatchObject({ __typename: 'StartKickJobSuccess' });
    await finishedJob(app, payload.job.id);
  });
});

/** A job of somebody who has the same `sub` at another issuer. */
async function namesake(database: Database) {
  const id = await makeJob(database, 1);
  const [job] = await database.query<{ idempotency_key: string }>(
    `update kick_jobs set issuer = 'https://elsewhere.example', subject = 'developer' where id = $1 returning idempotency_key`,
    [id],
  );
  return job!;
}
