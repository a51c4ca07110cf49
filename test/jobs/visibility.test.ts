/** Whose jobs are whose: who may start, see, watch, cancel and retry them in production, and what is recorded of it. */
import { openStream, someEvents } from '../helpers/event-stream';
import { eventually } from '../helpers/eventually';
import { execute, operation, type ExecuteOptions } from '../helpers/execute';
import { startTestIssuer } from '../helpers/issuer';
import { scrape } from '../helpers/scrape';
import { startTestApp, type TestApp } from '../helpers/start-app';
import { makeStore, openStore, sharedStore } from '../helpers/stores';
import { type TestIssuer } from '../helpers/test-issuer';
import { finishedJob, newKey, run, startJob } from './jobs';
import { countsOf, watchJob } from './watch';

const NO_JOB = '00000000-0000-4000-8000-000000000000';

let app: TestApp;
let issuer: TestIssuer;
/** Alice and Bob may kick, Rita may read, Olga may do both, Niels nothing. */
let alice: ExecuteOptions, bob: ExecuteOptions, rita: ExecuteOptions, olga: ExecuteOptions, niels: ExecuteOptions;
let input: Record<string, unknown>;
/** Alice's, finished, with a user that failed. */
let id: string;
beforeAll(async () => {
  issuer = await startTestIssuer('ES256');
  app = await startTestApp({ NODE_ENV: 'production', METRICS_PORT: '0', ...issuer.environment });
  const caller = async (sub: string, scope: string) => ({ token: await issuer.issue({ sub, scope }) });
  alice = await caller('alice', 'users:kick');
  bob = await caller('bob', 'users:kick');
  rita = await caller('rita', 'kicks:read');
  olga = await caller('olga', 'users:kick kicks:read');
  niels = await caller('niels', 'openid');
  input = { userIds: ['nobody-1', 'nobody-2'], appIds: [app.genauth.directory.demoApp.appId] };
  id = await accepted(alice);
  await finished(id);
});

const accepted = async (caller: ExecuteOptions, more = {}): Promise<string> =>
  (await startJob(app, { ...input, ...more }, caller)).job.id;
const finished = (job: string) => finishedJob({ url: app.url, token: olga.token! }, job);
const listed = async (caller: ExecuteOptions): Promise<string[]> =>
  (await run(app, 'kick-jobs', { first: 100 }, caller)).edges.map(({ node }: { node: { id: string } }) => node.id);
/** The records of a job of its callers' doings, oldest first: who did what. */
const recorded = async (jobId: string, actions = /^JOB_(STARTED|RETRIED|CANCELLED)$/): Promise<string[]> => {
  const { edges } = await run(app, 'audit-events', { first: 100, jobId }, olga);
  const nodes: { action: string; actor: string }[] = edges.map(({ node }: { node: unknown }) => node);
  return nodes
    .filter(({ action }) => actions.test(action))
    .map(({ action, actor }) => `${actor} ${action}`)
    .toReversed();
};

describe('the scopes', () => {
  const variables = () => ({
    id,
    idempotencyKey: newKey(),
    input: { ...input, reason: 'OTHER', idempotencyKey: newKey() },
  });
  const start = ['start-kick-job', 'cancel-kick-job', 'retry-kick-job'];
  it.each([
    ...start.map((name): [string, string, () => ExecuteOptions] => [name, 'kicks:read', () => rita]),
    ...[...start, 'kick-job', 'kick-jobs'].map((name): [string, string, () => ExecuteOptions] => [
      name,
      'neither',
      () => niels,
    ]),
  ])('%s with %s is FORBIDDEN, and nothing happens', async (name, _scopes, caller) => {
    const before = await listed(olga);
    const { status, errors } = await execute(app, operation(name), variables(), caller());
    expect([status, errors?.map(({ extensions }) => extensions['code'])]).toEqual([403, ['FORBIDDEN']]);
    expect(await listed(olga)).toEqual(before);
  });

  it('watching with neither is FORBIDDEN before a stream begins, and recorded, not by the name it is given', async () => {
    const counted = async () => (await scrape(app)).value('kick_gateway_callers_refused_total', { code: 'FORBIDDEN' });
    const before = (await counted())!;
    const query = 'subscription ($id: ID!) { c4nary: kickJobProgress(id: $id) { total } }';
    const stream = await openStream(app, { query, variables: { id } }, niels);
    await stream.ended;
    expect(stream).toMatchObject({
      status: 403,
      headers: { 'www-authenticate': 'Bearer realm="genauth-kick-gateway", error="insufficient_scope"' },
    });
    expect(JSON.parse(stream.text()).errors).toMatchObject([
      { extensions: { code: 'FORBIDDEN', requestId: stream.headers['x-request-id'] } },
    ]);
    expect(await counted()).toBe(before + 1);
    const { edges } = await run(app, 'audit-events', { actor: 'niels', first: 1 }, olga);
    expect(edges[0].node).toMatchObject({ action: 'FORBIDDEN', details: JSON.stringify({ field: 'kickJobProgress' }) });
  });
});

describe('a job', () => {
  const seen = (job: string, caller: ExecuteOptions) => run(app, 'kick-job', { id: job }, caller);
  it.each<[string, () => ExecuteOptions]>([
    ['who started it', () => alice],
    ['who may read', () => rita],
    ['who may do both', () => olga],
  ])('is seen, listed and watched by %s', async (_name, caller) => {
    expect(await seen(id, caller())).toMatchObject({ id, startedBy: 'alice', progress: { failed: 2 } });
    expect(await listed(caller())).toContain(id);
    const counts = countsOf(await (await watchJob(app, id, caller())).ended);
    expect(counts).toMatchObject([{ total: 2, failed: 2, pending: 0 }]);
  });

  it('is for others as if there were none', async () => {
    expect([await seen(id, bob), await seen(NO_JOB, bob)]).toEqual([null, null]);
    expect(await listed(bob)).not.toContain(id);
    const watched = async (job: string) => {
      const [event] = await (await watchJob(app, job, bob)).ended;
      const [error] = event!.data.errors;
      return [error.message, error.extensions.code];
    };
    expect(await watched(id)).toEqual([expect.any(String), 'JOB_NOT_FOUND']);
    expect(await watched(id)).toEqual(await watched(NO_JOB));
    for (const name of ['cancel-kick-job', 'retry-kick-job']) {
      const answerFor = (job: string) => run(app, name, { id: job, idempotencyKey: newKey() }, bob);
      expect(await answerFor(id)).toMatchObject({ code: 'JOB_NOT_FOUND', retryable: false });
      expect(await answerFor(id)).toEqual(await answerFor(NO_JOB));
    }
  });

  it('belongs to its caller with its key: another one’s same key is another job', async () => {
    const idempotencyKey = newKey();
    const [one, other] = [await accepted(alice, { idempotencyKey }), await accepted(bob, { idempotencyKey })];
    expect(one).not.toBe(other);
    expect(await accepted(alice, { idempotencyKey })).toBe(one);
    expect(await listed(bob)).toContain(other);
    expect(await listed(bob)).not.toContain(one);
    for (const job of [one, other]) await finished(job);
  });

  it('has a record of who started, cancelled and retried it', async () => {
    app.genauth.faults.always({ kind: 'delay', ms: 200 });
    const userIds = Array.from({ length: 20 }, (_, index) => `stranger-${index}`);
    const job = await accepted(alice, { userIds });
    expect(await run(app, 'cancel-kick-job', { id: job }, olga)).toMatchObject({ __typename: 'CancelKickJobSuccess' });
    app.genauth.faults.clear();
    await finished(job);
    expect(await recorded(job)).toEqual(['alice JOB_STARTED', 'olga JOB_CANCELLED']);
    const retried = await run(app, 'retry-kick-job', { id, idempotencyKey: newKey() }, olga);
    await finished(retried.job.id);
    expect(await recorded(retried.job.id)).toEqual(['olga JOB_RETRIED']);
    expect(await run(app, 'kick-job', { id: retried.job.id }, olga)).toMatchObject({ startedBy: 'olga' });
    // Who retries it answers for the calls, whoever started the first one.
    expect(await recorded(retried.job.id, /^KICK_REQUESTED$/)).toEqual(
      Array.from({ length: 2 }, () => 'olga KICK_REQUESTED'),
    );
    expect(await run(app, 'kick-job', { id: retried.job.id }, alice)).toBeNull();
  });

  it('has its record before the caller is told of it, so that no end of the process takes it away', async () => {
    const store = await sharedStore();
    const stands = async (jobId: string) => {
      const rows = await store.query<{ action: string; actor: string }>(
        `select action, actor from audit_events where job_id = $1 and action in ('JOB_STARTED', 'JOB_RETRIED', 'JOB_CANCELLED')
         order by seq`,
        [jobId],
      );
      return rows.map(({ action, actor }) => `${actor} ${action}`);
    };
    app.genauth.faults.always({ kind: 'delay', ms: 200 });
    const job = await accepted(alice);
    expect(await stands(job)).toEqual(['alice JOB_STARTED']);
    await run(app, 'cancel-kick-job', { id: job }, olga);
    expect(await stands(job)).toEqual(['alice JOB_STARTED', 'olga JOB_CANCELLED']);
    const retried = (await run(app, 'retry-kick-job', { id, idempotencyKey: newKey() }, alice)).job.id;
    expect(await stands(retried)).toEqual(['alice JOB_RETRIED']);
    app.genauth.faults.clear();
    for (const one of [job, retried]) await finished(one);
  });
});

describe('a stream of progress', () => {
  it('ends with the token that it was opened with, and does not say that the job is over', async () => {
    // On a store of its own: the other gateway, which has no such limit, would work the job off.
    const store = await openStore(await makeStore('embedded'));
    const slow = await startTestApp({ ...issuer.environment, GENAUTH_MAX_RPS: '2' }, undefined, store);
    const appIds = [slow.genauth.directory.demoApp.appId];
    const userIds = Array.from({ length: 100 }, (_, index) => `stranger-${index}`);
    const job = (await startJob(slow, { userIds, appIds }, olga)).job.id;
    // It has expired, and for a few seconds more may be of an issuer whose clock is behind.
    const ofOlga = { sub: 'olga', exp: Math.floor(Date.now() / 1000) - 26 };
    const token = await issuer.issue(ofOlga);
    const [short, long] = [await watchJob(slow, job, { token }), await watchJob(slow, job, olga)];
    const events = await short.ended;
    expect(events.length).toBeGreaterThan(0);
    expect(events.map(({ event }) => event)).toEqual(events.map(() => 'next'));
    expect((await watchJob(slow, job, { token })).status).toBe(401);
    await someEvents(long, long.events.length + 1);
    long.hangUp();
    const ended = () => slow.logs.filter(({ type, actor }) => type === 'subscription' && actor === 'olga');
    await eventually(() => ended().length === 2);
  });
});
