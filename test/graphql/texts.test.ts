/** Whatever text callers put into an argument, it is taken or refused: it never looks like a fault of ours. */
import fc from 'fast-check';
import { execute, operation } from '../helpers/execute';
import { startTestApp, type TestApp } from '../helpers/start-app';
import { describeOnEachStore, makeStore, openStore } from '../helpers/stores';
import { acceptedJob, finishedJob } from '../jobs/jobs';
import { watchJob } from '../jobs/watch';

const RUNS = 60;

const toCursor = (text: string): string => Buffer.from(text).toString('base64url');
const digits = fc.bigInt({ min: 0n, max: 10n ** 20n }).map(String);
const EDGES = [31, 32, 53, 63, 64].flatMap((bits) => [-1n, 0n].map((step) => String(2n ** BigInt(bits) + step)));
const ODD = [
  '',
  ' ',
  '\0',
  'a\0b',
  '\ud800',
  '\udfff',
  '\uffff',
  '\\',
  "'",
  '{}',
  'null',
  'NaN',
  '1e3',
  '-1',
  ...EDGES,
];
const plain = fc.oneof(fc.string({ unit: 'binary' }), fc.string(), digits, fc.uuid(), fc.constantFrom(...ODD));
/** Also where it takes a base64 to get there. */
const texts = fc.oneof(plain, plain.map(toCursor), fc.constantFrom(...EDGES).map(toCursor), digits.map(toCursor));
/** Given, or left out: an argument that is refused must not hide another one. */
const optional = fc.option(texts);
const type = fc.constantFrom('USER_ID', 'EMAIL', 'PHONE', 'IDENTITY', 'CUSTOM_FIELD');

describeOnEachStore('whatever text an argument has', (kind) => {
  let app: TestApp;
  let job: string;
  beforeAll(async () => {
    app = await startTestApp({}, undefined, await openStore(await makeStore(kind)));
    job = await acceptedJob(app, { userIds: ['nobody'], appIds: ['none'] });
    await finishedJob(app, job);
  });

  const ids = (): fc.Arbitrary<string> => fc.oneof(texts, fc.constant(job));
  const target = fc.record({
    options: fc.record({ userIdType: type }),
    ticket: optional,
    reason: fc.constant('OTHER'),
  });
  it.each<[string, () => fc.Arbitrary<Record<string, unknown>>]>([
    ['audit-events', () => fc.record({ after: optional, actor: optional, userId: optional, jobId: optional })],
    ['kick-jobs', () => fc.record({ after: optional })],
    ['kick-job', () => fc.record({ id: ids(), after: optional })],
    ['cancel-kick-job', () => fc.record({ id: ids() })],
    ['retry-kick-job', () => fc.record({ id: ids(), idempotencyKey: texts })],
    [
      'kick-users',
      () =>
        fc.tuple(target, texts, texts).map(([rest, userId, app]) => ({ input: { ...rest, userId, appIds: [app] } })),
    ],
    [
      'start-kick-job',
      () =>
        fc.tuple(target, texts, texts, texts).map(([rest, user, app, key]) => ({
          input: { ...rest, userIds: [user], appIds: [app], idempotencyKey: key },
        })),
    ],
  ])('%s takes it or refuses it', async (name, variables) => {
    await fc.assert(
      fc.asyncProperty(variables(), async (given) => {
        const { status, errors } = await execute(app, operation(name), given);
        expect(['BAD_USER_INPUT', undefined]).toContain(errors?.[0]?.extensions['code']);
        expect(status).toBe(errors === undefined ? 200 : 400);
      }),
      { numRuns: RUNS },
    );
    expect(app.logs.filter(({ msg }) => msg === 'unexpected error')).toEqual([]);
  });

  it('kick-job-progress takes it or refuses it', async () => {
    await fc.assert(
      fc.asyncProperty(texts, async (id) => {
        const stream = await watchJob(app, id);
        await stream.ended;
        expect(stream.text()).toContain('JOB_NOT_FOUND');
      }),
      { numRuns: RUNS },
    );
  });

  it.each([2n ** 31n, 10n ** 17n])('no user of a job is at %s', async (position) => {
    const after = toCursor(String(position));
    const { status, errors } = await execute(app, operation('kick-job'), { id: job, after });
    expect([status, errors?.[0]?.extensions['code']]).toEqual([400, 'BAD_USER_INPUT']);
  });

  it.each(['actor', 'userId', 'jobId'])('no record has a %s with NUL', async (filter) => {
    const { data } = await execute(app, operation('audit-events'), { [filter]: 'a\0b' });
    expect(data.auditEvents.edges).toEqual([]);
  });
});
