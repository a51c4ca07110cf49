/** What one request can do at most, through the front door: where each limit lies, and what is said beyond it. */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { buildSchema, getIntrospectionQuery, isEnumType, isInputObjectType, isListType, isNonNullType, Kind, OperationTypeNode, parse, typeFromAST, type GraphQLType } from 'graphql'; // prettier-ignore
import { printContract } from '../../src/emit-schema';
import { findBrokenLimit } from '../../src/graphql/limits';
import { toCursor } from '../../src/graphql/connection';
import { costOf } from '../../src/graphql/operation-cost';
import { execute, operation } from '../helpers/execute';
import { serveSchema } from '../helpers/serve-schema';
import { startTestApp, type TestApp } from '../helpers/start-app';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
beforeEach(() => app.genauth.clearReceived());

const repeat = (count: number, part: (index: number) => string) =>
  Array.from({ length: count }, (_, i) => part(i)).join(' ');
const KICK = 'kickUsers(input: $input) { __typename }';
const kicks = (selection: string, rest = '') => `mutation ($input: KickUsersInput!) { ${selection} } ${rest}`;
const sendKick = (document: string, variables = {}) => {
  const { demoUser, demoApp } = app.genauth.directory;
  return execute(app, document, { input: { userId: demoUser.userId, appIds: [demoApp.appId] }, ...variables });
};

describe('one operation makes one mutation', () => {
  const FRAGMENT = `fragment F on Mutation { a: ${KICK} }`;
  const NESTED = `fragment F on Mutation { ...G } fragment G on Mutation { ... on Mutation { a: ${KICK} } }`;
  it.each<[string, string, object?]>([
    ['two under other names', kicks(`a: ${KICK} b: ${KICK}`)],
    ['ten under other names', kicks(repeat(10, (i) => `k${i}: ${KICK}`))],
    ['fifty', kicks(repeat(50, (i) => `k${i}: ${KICK}`))],
    ['the same one twice', kicks(`${KICK} ${KICK}`)],
    ['one in a fragment', kicks(`${KICK} ...F`, FRAGMENT)],
    ['two in one fragment', kicks('...F', `fragment F on Mutation { a: ${KICK} b: ${KICK} }`)],
    ['one in a fragment in a fragment', kicks(`${KICK} ...F`, NESTED)],
    ['one in an inline fragment', kicks(`${KICK} ... { a: ${KICK} }`)],
    [
      'one in an inline fragment on the type',
      kicks(`${KICK} ... on Mutation { ... @include(if: true) { a: ${KICK} } }`),
    ],
    ['one that is skipped', kicks(`${KICK} a: ${KICK.replace('{', '@skip(if: true) {')}`)],
    [
      'one of two, as a variable says',
      `mutation ($input: KickUsersInput!, $b: Boolean!) { ... @include(if: $b) { a: ${KICK} } ... @skip(if: $b) { b: ${KICK} } }`,
      { b: true },
    ],
    ['a skipped fragment', kicks(`${KICK} ...F @skip(if: true)`, FRAGMENT)],
  ])('%s', async (...[, document, variables]) => {
    const { status, data, errors } = await sendKick(document, variables);
    expect([status, data, errors?.map(({ extensions }) => extensions['code'])]).toEqual([
      400,
      undefined,
      ['TOO_MANY_MUTATIONS'],
    ]);
    expect(app.genauth.receivedCount()).toBe(0);
  });

  it.each<[string, string]>([
    ['under another name, with __typename', kicks(`__typename a: ${KICK}`)],
    ['in a fragment', kicks('...F', FRAGMENT)],
    [
      'beside an operation that does not run',
      `${kicks(KICK).replace('mutation', 'mutation A')} ${kicks(KICK).replace('mutation', 'mutation B')}`,
    ],
  ])('one %s runs', async (...[, query]) => {
    const { demoUser, demoApp } = app.genauth.directory;
    const variables = { input: { userId: demoUser.userId, appIds: [demoApp.appId] } };
    const operationName = query.includes('mutation B') ? { operationName: 'B' } : {};
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ query, variables, ...operationName });
    const answer = await fetch(`${app.url}/graphql`, { method: 'POST', headers, body });
    expect(JSON.stringify(await answer.json())).toContain('KickUsersSuccess');
    expect(app.genauth.receivedCount()).toBe(1);
  });
});

describe('a document', () => {
  const viewer = (selection: string, rest = '') => `{ viewer { ${selection} } } ${rest}`;
  const manyFields = (count: number) => viewer('subject '.repeat(count - 1));
  const aliased = (count: number) => viewer(repeat(count, (i) => `a${i}: subject`));
  const directed = (count: number) => viewer(repeat(count, (i) => `... @skip(if: ${i % 2 === 0}) { subject }`));
  const tokens = (count: number) => {
    const nested = Math.floor((count - 6) / 3);
    return viewer(`${'... { '.repeat(nested)} subject ${'} '.repeat(nested)} ${'issuer '.repeat((count - 6) % 3)}`);
  };
  const TYPES = 'fragment F on __Type { name ...G } fragment G on __Type { kind }';

  it.each<[string, string, string, string]>([
    ['250 fields', manyFields(250), manyFields(251), 'TOO_MANY_FIELDS'],
    ['20 aliases', aliased(20), aliased(21), 'TOO_MANY_ALIASES'],
    ['20 directives', directed(20), directed(21), 'TOO_MANY_DIRECTIVES'],
    ['1000 tokens', tokens(1000), tokens(1001), 'GRAPHQL_PARSE_FAILED'],
  ])('may have %s, and no more', async (_name, most, more, code) => {
    expect((await execute(app, most)).errors).toBeUndefined();
    const { status, data, errors } = await execute(app, more);
    expect([status, data, errors?.map(({ extensions }) => extensions['code'])]).toEqual([400, undefined, [code]]);
    expect(errors?.[0]?.message).toMatch(/at most \d+ /);
  });

  it.each([
    ['introspection of tools', getIntrospectionQuery({ descriptions: true, specifiedByUrl: true, directiveIsRepeatable: true, schemaDescription: true, inputValueDeprecation: true, oneOf: true })], // prettier-ignore
    [
      'types wrapped forty times',
      `{ __schema { types { fields { type { ${'ofType { '.repeat(40)} name ${'} '.repeat(40)} } } } } }`,
    ],
    ['fragments of the schema', `{ __schema { types { ...F } queryType { ...F } } } ${TYPES}`],
  ])('may ask about the schema where that is on: %s', async (_name, query) => {
    const { status, errors } = await execute(app, query);
    expect({ status, errors }).toEqual({ status: 200 });
  });

  it('whose fragments spread themselves is refused by validation, before anything walks them', async () => {
    const cyclic = '{ viewer { ...A } } fragment A on Viewer { subject ...B } fragment B on Viewer { issuer ...A }';
    expect(await execute(app, cyclic)).toMatchObject({
      status: 400,
      errors: [{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }],
    });
    const document = parse(cyclic);
    const [first] = document.definitions;
    if (first?.kind !== Kind.OPERATION_DEFINITION) throw new Error('no operation');
    const request = { schema: buildSchema(printContract()), document, operation: first, variables: {}, bodyBytes: 0 };
    expect(findBrokenLimit(request)).toBeNull();
  });

  it('whose fragments double and double again is refused before anything counts them one by one', async () => {
    const doubling = repeat(60, (i) => `fragment f${i} on Viewer { ...f${i + 1} ... { ...f${i + 1} } }`);
    const { status, errors } = await execute(app, viewer('...f0', `${doubling} fragment f60 on Viewer { subject }`));
    expect([status, errors?.[0]?.extensions['code']]).toEqual([400, 'OPERATION_TOO_COMPLEX']);
  });
});

describe('on a schema with lists', () => {
  const SDL = `
    type Query { node: Node  nodes(first: Int! = 50): NodeConnection! }
    type Mutation { startKickJob(ids: [ID!]): Node  kickUsers(ids: [ID!]): Node }
    type Subscription { node: Node }
    type NodeConnection { edges: [NodeEdge!] }
    type NodeEdge { node: Node! }
    type Node { id: ID  next: Node  nodes(first: Int! = 50): NodeConnection! }
  `;
  let small: { url: string };
  beforeAll(async () => {
    const schema = buildSchema(SDL);
    const query = schema.getQueryType()?.getFields()['nodes'];
    if (query !== undefined) query.resolve = () => ({});
    small = await serveSchema(schema);
  });
  const codeOf = async (query: string, variables = {}, status = 400) => {
    const answer = await execute(small, query, variables);
    expect(answer.status).toBe(answer.errors === undefined ? 200 : status);
    return answer.errors?.[0]?.extensions['code'];
  };
  const deep = (depth: number) => `{ node { ${'next { '.repeat(depth - 2)} id ${'} '.repeat(depth)}`;
  const FIELDS = repeat(15, (i) => `f${i}: id`);

  it.each<[string, string, string | undefined]>([
    ['10 deep', deep(10), undefined],
    ['11 deep', deep(11), 'OPERATION_TOO_DEEP'],
    [
      '11 deep by fragments',
      `{ node { ...F } } fragment F on Node { next { ... { ${'next { '.repeat(8)} id ${'} '.repeat(8)} } } }`,
      'OPERATION_TOO_DEEP',
    ],
    ['a page of 100 rows with 15 fields each', `{ nodes(first: 100) { edges { node { ${FIELDS} } } } }`, undefined],
    [
      'pages of 100 rows in a page of 100',
      '{ nodes(first: 100) { edges { node { nodes(first: 100) { edges { node { id } } } } } } }',
      'OPERATION_TOO_COMPLEX',
    ],
    ['a page of no length that the field refuses', '{ nodes(first: 1000000) { edges { node { id } } } }', undefined],
  ])('%s', async (...[, query, code]) => {
    expect(await codeOf(query)).toBe(code);
  });

  it('subscriptions are refused, not run', async () => {
    expect(await codeOf('subscription { node { id } }')).toBe('SUBSCRIPTION_NOT_SUPPORTED');
    const { status, errors } = await execute(app, 'subscription { kickJobProgress(id: "x") { total } }');
    expect([status, errors?.[0]?.extensions['code']]).toEqual([400, 'SUBSCRIPTION_NOT_SUPPORTED']);
  });

  describe('a body over 64 KiB', () => {
    const ids = { ids: Array.from({ length: 10_000 }, (_, i) => `user-${i}`) };
    const long = (selection: string) => `mutation ($ids: [ID!]) { ${selection} }`;
    it.each([
      ['startKickJob', long('startKickJob(ids: $ids) { id }'), undefined],
      [
        'startKickJob under another name, in a fragment',
        `${long('__typename ...F')} fragment F on Mutation { a: startKickJob(ids: $ids) { id } }`,
        undefined,
      ],
      ['kickUsers', long('kickUsers(ids: $ids) { id }'), 'PAYLOAD_TOO_LARGE'],
      [
        'kickUsers under the name of startKickJob',
        long('startKickJob: kickUsers(ids: $ids) { id }'),
        'PAYLOAD_TOO_LARGE',
      ],
      ['both', long('a: startKickJob(ids: $ids) { id } b: kickUsers(ids: $ids) { id }'), 'PAYLOAD_TOO_LARGE'],
      [
        'an operation of that name',
        `mutation startKickJob($ids: [ID!]) { kickUsers(ids: $ids) { id } }`,
        'PAYLOAD_TOO_LARGE',
      ],
    ])('for %s', async (_name, query, code) => {
      expect(await codeOf(query, ids, 413)).toBe(code);
    });
  });
});

describe('schema/operations', () => {
  const schema = buildSchema(printContract());
  /** Something that the type takes; the longest page for numbers, and a text that is a cursor as well. */
  function sample(type: GraphQLType | undefined): unknown {
    if (isNonNullType(type)) return sample(type.ofType);
    if (isListType(type)) return [sample(type.ofType)];
    if (isEnumType(type)) return type.getValues()[0]?.name;
    if (isInputObjectType(type))
      return Object.fromEntries(Object.values(type.getFields()).map((field) => [field.name, sample(field.type)]));
    return { Int: 100, Boolean: true }[String(type)] ?? toCursor('1');
  }

  it.each(readdirSync(path.join(__dirname, '..', '..', 'schema', 'operations')))('%s is within the limits', (file) => {
    const document = parse(operation(file.replace('.graphql', '')));
    for (const node of document.definitions) {
      if (node.kind !== Kind.OPERATION_DEFINITION) continue;
      const definitions = node.variableDefinitions ?? [];
      const variables = Object.fromEntries(definitions.map(({ variable, type }) => [variable.name.value, sample(typeFromAST(schema, type as never))])); // prettier-ignore
      const isSubscription = node.operation === OperationTypeNode.SUBSCRIPTION;
      const request = { schema, document, operation: node, variables, bodyBytes: 1000 };
      expect(findBrokenLimit(request, isSubscription)).toBeNull();
      expect(costOf(schema, document, node, variables)).toBeGreaterThan(0);
    }
  });
});
