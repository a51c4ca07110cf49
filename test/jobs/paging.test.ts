/** Pages of jobs and of their users: the bounds, and cursors that are none. */
import { execute, operation } from '../helpers/execute';
import { startTestApp, type TestApp } from '../helpers/start-app';
import { acceptedJob, finishedJob, newKey, readJob } from './jobs';

let app: TestApp;
let id: string;
beforeAll(async () => {
  app = await startTestApp();
  const userIds = Array.from({ length: 12 }, (_, index) => `stranger-${index}`);
  id = await acceptedJob(app, { userIds, appIds: [app.genauth.directory.demoApp.appId] });
  await finishedJob(app, id);
});

describe.each([
  ['kick-job', () => ({ id })],
  ['kick-jobs', () => ({})],
])('%s', (name, more) => {
  it.each([
    { first: 0 },
    { first: 101 },
    { first: -1 },
    { after: 'tampered' },
    { after: '' },
    { after: Buffer.from('-1').toString('base64url') },
    { after: Buffer.from('9'.repeat(19)).toString('base64url') },
  ])('refuses the page %j, never clamping it', async (page) => {
    const { errors, text } = await execute(app, operation(name), { ...more(), ...page });
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
    expect(text).not.toContain('tampered');
  });
});

describe('a mutation that asks for a page that there can not be', () => {
  const start = (variables: string, page: string) => `mutation Start($input: StartKickJobInput!${variables}) {
    startKickJob(input: $input) { __typename ... on StartKickJobSuccess { job { id outcomes(${page}) { edges { cursor } } } } }
  }`;
  const input = () => ({ userIds: ['stranger'], appIds: ['app'], reason: 'OTHER', idempotencyKey: newKey() });
  const jobs = async () =>
    (await execute(app, '{ kickJobs(first: 100) { edges { node { id } } } }')).data.kickJobs.edges;
  const tooLarge = Buffer.from(String(2 ** 31)).toString('base64url');

  it.each<[string, string, Record<string, unknown>]>([
    ['', 'first: 0', {}],
    ['', 'first: 101', {}],
    ['', 'after: "tampered"', {}],
    [', $n: Int!', 'first: $n', { n: 1000 }],
    [', $after: String!', 'after: $after', { after: tooLarge }],
  ])('(%s) %s: is refused before it takes effect', async (variables, page, values) => {
    const before = await jobs();
    // Known from a time when it was right.
    const right = { n: 1, after: Buffer.from('1').toString('base64url') };
    const used = Object.fromEntries(Object.keys(values).map((name) => [name, right[name as keyof typeof right]]));
    const accepted = variables === '' ? 0 : 2;
    for (let i = 0; i < accepted; i++) {
      const { data } = await execute(app, start(variables, page), { input: input(), ...used });
      expect(data.startKickJob.__typename).toBe('StartKickJobSuccess');
    }
    const { status, data, errors, text } = await execute(app, start(variables, page), { input: input(), ...values });
    expect([status, data]).toEqual([400, undefined]);
    expect(errors).toMatchObject([
      { extensions: { code: 'BAD_USER_INPUT' }, message: expect.stringMatching(/^`(first|after)` /) },
    ]);
    expect(text).not.toContain('tampered');
    expect(await jobs()).toHaveLength(before.length + accepted);
  });
});

it.each<[string, Record<string, unknown>]>([
  ['first: 0', {}],
  ['first: 1000', {}],
  ['after: "tampered"', {}],
  ['first: $n', { n: 101 }],
  ['after: $after', { after: 'tampered' }],
])('a page of users that there can not be (%s) is refused where there is no job, too', async (page, values) => {
  const declared = { n: '($n: Int!)', after: '($after: String!)' }[Object.keys(values)[0] ?? ''] ?? '';
  const query = `query Users${declared} { kickJob(id: "${newKey()}") { outcomes(${page}) { edges { cursor } } } }`;
  const right = { n: 1, after: Buffer.from('1').toString('base64url') };
  const used = Object.fromEntries(Object.keys(values).map((name) => [name, right[name as keyof typeof right]]));
  // Known from a time when it was right.
  const known = declared === '' ? 0 : 2;
  for (let i = 0; i < known; i++) expect((await execute(app, query, used)).data).toEqual({ kickJob: null });
  const { errors, text } = await execute(app, query, values);
  expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
  expect(text).not.toContain('tampered');
});

it('pages through all users, each once and in order, whatever the size of the page', async () => {
  for (const first of [1, 5, 11, 12, 100]) {
    const users: string[] = [];
    for (let after: string | null = null; ;) {
      const { outcomes }: { outcomes: any } = await readJob(app, id, { first, after }); // eslint-disable-line @typescript-eslint/no-explicit-any
      users.push(...outcomes.edges.map(({ node }: { node: { userId: string } }) => node.userId));
      if (!outcomes.pageInfo.hasNextPage) break;
      after = outcomes.pageInfo.endCursor;
    }
    expect(users).toEqual(Array.from({ length: 12 }, (_, index) => `stranger-${index}`));
  }
});

it('takes 10 000 users of 256 characters in one mutation', async () => {
  app.genauth.faults.always({ kind: 'never' });
  const userIds = Array.from({ length: 10_000 }, (_, index) => String(index).padStart(256, 'x'));
  const big = await acceptedJob(app, { userIds, appIds: ['app'] });
  expect((await readJob(app, big)).progress.total).toBe(10_000);
  await execute(app, operation('cancel-kick-job'), { id: big });
});
