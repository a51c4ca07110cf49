/** Which operations become known, and which never do. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { getIntrospectionQuery, isInputObjectType, getNamedType, getOperationAST, parse, type GraphQLNamedType } from 'graphql'; // prettier-ignore
import { KnownOperations } from '../../src/graphql/known/known-operations';
import { createSchema } from '../../src/schema';
import { execute, operation } from '../helpers/execute';
import { startProduction } from '../helpers/production';
import { startTestApp, type TestApp } from '../helpers/start-app';
import { expectAlike, isKnown, learn } from './known';

const MANIFEST = path.join(__dirname, '..', 'generated', 'persisted-documents.json');
const VIEWER = operation('viewer');
/** What graphql-jit takes for an expression where it stands in a text (its execution.js). */
const MAGIC = '__MAGIC_DATE__33a9e76d_02e0_4128_8e92_3530ad3da74d(globalThis.wasRun = true)';

let app: TestApp;
let target: { userId: string; appIds: string[] };
beforeAll(async () => {
  app = await startTestApp();
  const { demoUser, demoApp } = app.genauth.directory;
  target = { userId: demoUser.userId, appIds: [demoApp.appId] };
});

const becomesKnown = async (query: string, variables: object = {}, at = app) => {
  await learn(at, query, variables);
  return isKnown(at, query, variables);
};

it('ten times by POST, and it is', async () => {
  const query = `${VIEWER}# ten times`;
  for (let time = 0; time < 9; time++) await execute(app, query);
  // The tenth makes it known, for the eleventh.
  expect(await isKnown(app, query)).toBe(false);
  expect(await becomesKnown(query)).toBe(true);
});

it('spaces make another text', async () => {
  expect(await becomesKnown(VIEWER)).toBe(true);
  for (const text of [`${VIEWER} `, ` ${VIEWER}`, VIEWER.replaceAll('\n', '\r\n')]) expect(await isKnown(app, text)).toBe(false); // prettier-ignore
});

describe('never', () => {
  const many = { a: 'A', b: 'B', id: 'none', first: 1, is: true, input: {} };
  it.each<[string, string]>([
    ['@include', 'query ($is: Boolean!) { viewer { subject @include(if: $is) } }'],
    ['@skip', '{ viewer { subject issuer @skip(if: true) } }'],
    ['a directive in a fragment', 'query { viewer { ...F } } fragment F on Viewer { subject ... @include(if: true) { issuer } }'], // prettier-ignore
    ['two operations, one without a name', 'query Q { viewer { subject } } query R { viewer { issuer } }'],
    ['a string in the text', '{ kickJob(id: "none") { id } }'],
    ['a block string in the text', '{ kickJob(id: """none""") { id } }'],
    ['a string as a default', 'query ($id: ID! = "none") { kickJob(id: $id) { id } }'],
    ['a subscription', operation('kick-job-progress')],
    ['a name that is the prototype’s', '{ __proto__: viewer { subject } viewer { issuer } }'],
    ['a variable of that name', 'query ($__proto__: Int = 1) { kickJobs(first: $__proto__) { edges { cursor } } }'],
    ['what does not go well', 'query ($first: Int!) { kickJobs(first: $first, after: null) { edges { nothing } } }'],
    ['a syntax error', '{ viewer { subject } } }'],
  ])('%s', async (_name, query) => {
    expect(await becomesKnown(query, many)).toBe(false);
    await expectAlike(app, query, { variables: many }, { way: 'Apollo’s' });
  });

  it('one of several operations, by its name', async () => {
    const query = 'query Q { viewer { subject } } query R { viewer { issuer } }';
    const named = { query, operationName: 'R' };
    const headers = { 'content-type': 'application/json' };
    for (let time = 0; time < 12; time++) {
      await fetch(`${app.url}/graphql`, { method: 'POST', headers, body: JSON.stringify(named) });
    }
    await expectAlike(app, query, { operationName: 'R' }, { way: 'Apollo’s' });
    await expectAlike(app, query, { operationName: 'Q' }, { way: 'Apollo’s' });
  });

  it('by GET', async () => {
    const query = '{ viewer { issuer } }';
    const search = new URLSearchParams({ query }).toString();
    for (let time = 0; time < 12; time++) {
      const answer = await fetch(`${app.url}/graphql?${search}`, { headers: { 'apollo-require-preflight': '1' } });
      expect(answer.status).toBe(200);
    }
    expect(await isKnown(app, query)).toBe(false);
  });

  it('what goes wrong at times, while it does', async () => {
    const query = 'query ($first: Int!) { kickJobs(first: $first) { edges { cursor } } }';
    await learn(app, query, { first: 0 });
    expect(await isKnown(app, query, { first: 1 })).toBe(false);
    expect(await becomesKnown(query, { first: 1 })).toBe(true);
  });
});

describe('a text that graphql-jit would run as code', () => {
  afterEach(() => delete (globalThis as Record<string, unknown>)['wasRun']);

  it.each<[string, string]>([
    ['an argument', `{ kickJob(id: "${MAGIC}") { id } }`],
    ['an argument among others', `{ auditEvents(first: 1, actor: "${MAGIC}") { edges { cursor } } }`],
    ['a block string', `{ kickJob(id: """${MAGIC}""") { id } }`],
    ['a list in an object', `mutation { kickUsers(input: { userId: "u", appIds: ["${MAGIC}"] }) { __typename } }`],
    ['a default', `query ($id: ID! = "${MAGIC}", $after: String = "${MAGIC}") { kickJob(id: $id) { outcomes(after: $after) { edges { cursor } } } }`], // prettier-ignore
    ['a comment', `{ viewer { subject } } # ${MAGIC}`],
  ])('%s', async (_name, query) => {
    await learn(app, query);
    await expectAlike(app, query, {}, { way: 'any' });
    expect(globalThis).not.toHaveProperty('wasRun');
  });

  it('nor does it in variables', async () => {
    const query = 'query ($id: ID!) { kickJob(id: $id) { outcomes(first: 1) { edges { cursor } } } }';
    await learn(app, query, { id: MAGIC });
    await expectAlike(app, query, { variables: { id: MAGIC } });
    const input = { ...target, userId: MAGIC, ticket: MAGIC };
    await learn(app, operation('kick-users'), { input });
    await expectAlike(app, operation('kick-users'), { variables: { input } });
    expect(globalThis).not.toHaveProperty('wasRun');
  });
});

it('what a variable leaves out of an object in the text has its default', async () => {
  const query = `mutation ($verify: Boolean, $key: ID!) { startKickJob(input: {
    userIds: ["u"], appIds: ["a"], reason: OTHER, idempotencyKey: $key, verify: $verify
  }) { __typename } }`;
  await learn(app, query, { verify: false, key: 'k' });
  const { text } = await expectAlike(app, query, { variables: { key: 'k' } }, { way: 'any' });
  expect(text).toContain('StartKickJobSuccess');
});

describe('production', () => {
  it('knows no introspection, and the rest as ever', async () => {
    const production = await startProduction();
    for (const query of [getIntrospectionQuery(), '{ __schema { queryType { name } } }']) {
      expect(await becomesKnown(query, {}, production)).toBe(false);
      const { status } = await expectAlike(production, query, {}, { way: 'Apollo’s' });
      expect(status).toBe(400);
    }
    expect(await becomesKnown(VIEWER, {}, production)).toBe(true);
    await expectAlike(production, VIEWER);
    const unknown = await expectAlike(production, VIEWER.replace('scopes', 'scope'), {}, { way: 'Apollo’s' });
    expect(unknown.text).not.toContain('Did you mean');
  });
});

describe('the list of operations', () => {
  const start = (mode: string) => startTestApp({ PERSISTED_OPERATIONS: mode, PERSISTED_OPERATIONS_FILE: MANIFEST });

  it('enforced: its members become known, others never', async () => {
    const listed = await start('enforce');
    expect(await becomesKnown('{ viewer { subject } }', {}, listed)).toBe(false);
    await expectAlike(listed, '{ viewer { subject } }', {}, { way: 'Apollo’s' });
    expect(await becomesKnown(VIEWER, {}, listed)).toBe(true);
    await expectAlike(listed, VIEWER);
    await expectAlike(listed, VIEWER, { operationName: 'Other' }, { way: 'Apollo’s' });
    const other = await expectAlike(listed, `${VIEWER} query Other { viewer { issuer } }`, {}, { way: 'Apollo’s' });
    expect(other.status).toBe(400);
  });

  it('enforced: one that was asked for by its hash is known by its text', async () => {
    const listed = await start('enforce');
    const manifest: Record<string, string> = JSON.parse(readFileSync(MANIFEST, 'utf8'));
    const [hash = '', text = ''] = Object.entries(manifest).find(([, document]) => document.includes('Viewer')) ?? [];
    const extensions = { persistedQuery: { version: 1, sha256Hash: hash.replace('sha256:', '') } };
    const headers = { 'content-type': 'application/json' };
    for (let time = 0; time < 10; time++) {
      await fetch(`${listed.url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ extensions }) });
    }
    await expectAlike(listed, text);
  });

  it('logged: what is not in it is told of once, known or not', async () => {
    const listed = await start('log');
    const query = '{ viewer { subject } }';
    expect(await becomesKnown(query, {}, listed)).toBe(true);
    await isKnown(listed, query);
    expect(listed.logs.filter(({ msg }) => msg === 'operation is not in the manifest')).toHaveLength(1);
  });
});

describe('bounds', () => {
  const schema = createSchema();
  const note = async (known: KnownOperations, text: string, times = 1) => {
    const document = parse(text);
    for (let time = 0; time < times; time++) await known.note(text, document, getOperationAST(document)!);
  };
  const text = (n: number) => `query Q${n} { viewer { subject } }`;

  it('a hundred texts; the oldest makes room', async () => {
    const known = new KnownOperations(schema);
    await note(known, text(0), 10);
    for (let n = 1; n < 100; n++) await note(known, text(n));
    expect(known.find(text(0))).not.toBeNull();
    await note(known, text(1), 9);
    expect(known.find(text(1))).not.toBeNull();
    await note(known, text(100));
    expect([known.find(text(0)), known.find(text(1))]).toEqual([null, expect.anything()]);
    // It begins anew.
    await note(known, text(0), 9);
    expect(known.find(text(0))).toBeNull();
    await note(known, text(0));
    expect(known.find(text(0))).toMatchObject({ seen: { name: 'Q0', type: 'query', fields: ['viewer'] } });
  });

  it('8 KiB', async () => {
    const known = new KnownOperations(schema);
    const [right, long] = [8192, 8193].map((length) => text(0).padEnd(length, '#')) as [string, string];
    await note(known, right, 10);
    await note(known, long, 12);
    expect([known.find(right), known.find(long)]).toEqual([expect.anything(), null]);
  });

  it('graphql-jit can’t compile an input that holds itself; the schema has none', () => {
    const holds = (type: GraphQLNamedType, above: readonly GraphQLNamedType[]): boolean =>
      above.includes(type) ||
      (isInputObjectType(type) &&
        Object.values(type.getFields()).some((field) => holds(getNamedType(field.type), [...above, type])));
    expect(Object.values(schema.getTypeMap()).filter((type) => holds(type, []))).toEqual([]);
  });
});
