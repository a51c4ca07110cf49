/** What is said of documents and variables that don't fit, on a schema with the types that ours has not. */
import { buildSchema, GraphQLError, GraphQLScalarType, type GraphQLSchema } from 'graphql';
import { GraphQLDateTime, GraphQLEmailAddress } from 'graphql-scalars';
import { safeValidationMessage } from '../../src/graphql/validation-messages';
import { execute } from '../helpers/execute';
import { serveSchema } from '../helpers/serve-schema';
import { startTestApp } from '../helpers/start-app';

const CANARY = 'canary';

/** Says what it was given, in words of its own. */
const Chatty = new GraphQLScalarType({
  name: 'Chatty',
  parseValue: (value) => {
    throw new TypeError(`no ${String(value)}`);
  },
  parseLiteral: (node) => {
    throw new GraphQLError(`Value is not chatty: ${'value' in node ? String(node.value) : node.kind}`);
  },
});

function makeSchema(): GraphQLSchema {
  const schema = buildSchema(`
    scalar DateTime
    scalar EmailAddress
    scalar Chatty
    input One @oneOf { a: String b: String }
    type Query {
      at(time: DateTime, mail: EmailAddress, chatty: Chatty, one: One, int: Int, ints: [Int!], text: String!): Int
      odd: Int
      page: Int
      broken: Int
    }
  `);
  for (const scalar of [GraphQLDateTime, GraphQLEmailAddress, Chatty]) {
    const { parseValue, parseLiteral, serialize } = scalar;
    Object.assign(schema.getType(scalar.name) ?? {}, { parseValue, parseLiteral, serialize });
  }
  Object.assign(schema.getQueryType()?.getFields()['odd'] ?? {}, { resolve: () => `${CANARY} is no number` });
  Object.assign(schema.getQueryType()?.getFields()['page'] ?? {}, {
    resolve: () => {
      throw new GraphQLError('first must be 1 to 100', { extensions: { code: 'BAD_USER_INPUT' } });
    },
  });
  Object.assign(schema.getQueryType()?.getFields()['broken'] ?? {}, {
    resolve: () => {
      throw new GraphQLError(`a bug with ${CANARY}`, { extensions: { code: 'INTERNAL_SERVER_ERROR', told: CANARY } });
    },
  });
  return schema;
}

let app: Awaited<ReturnType<typeof serveSchema>>;
beforeAll(async () => {
  app = await serveSchema(makeSchema());
});

const REFUSED = 'The document breaks a rule of the schema.';
const at = (args: string) => `{ at(text: "x", ${args}) }`;

it.each([
  ['a time', at(`time: "${CANARY}"`), REFUSED],
  ['a time of another kind', at(`time: ${CANARY}`), REFUSED],
  ['an e-mail', at(`mail: "${CANARY}"`), REFUSED],
  ['a scalar with words of its own', at(`chatty: "${CANARY}"`), REFUSED],
  ['a number', at(`int: "${CANARY}"`), 'Int cannot represent non-integer value: one that does not fit.'],
  ['a number too large', at('int: 98765432109'), 'Int cannot represent non 32-bit signed integer value: one that does not fit.'], // prettier-ignore
  ['a null', '{ at(text: null) }', 'Expected value of type "String!", found one that does not fit.'],
  ['two of one', at(`one: { a: "${CANARY}", b: "b" }`), 'OneOf Input Object "One" must specify exactly one key.'],
  [
    'a missing argument',
    '{ at }',
    'Field "at" argument "text" of type "String!" is required, but it was not provided.',
  ],
])('a literal that is no %s is not repeated', async (_name, query, message) => {
  const { status, errors, text } = await execute(app, query);
  expect([status, errors?.map((error) => error.message)]).toEqual([400, [message]]);
  expect(text).not.toMatch(/canary|98765432109/);
});

it.each([
  ['a time', 'DateTime', 'time', CANARY],
  ['an e-mail', 'EmailAddress', 'mail', CANARY],
  ['a scalar with words of its own', 'Chatty', 'chatty', CANARY],
  ['a list of more wrong items than are counted', '[Int!]', 'ints', Array.from({ length: 500 }, () => CANARY)],
])('nor is a variable that is no %s', async (_name, type, argument, value) => {
  const query = `query ($v: ${type}) { at(text: "x", ${argument}: $v) }`;
  const { status, errors, text } = await execute(app, query, { v: value });
  expect([status, new Set(errors?.map(({ extensions }) => extensions['code']))]).toEqual([400, new Set(['BAD_USER_INPUT'])]); // prettier-ignore
  expect(errors?.length).toBeLessThanOrEqual(20);
  expect(text).not.toContain(CANARY);
});

it('ninety wrong items in three variables make twenty errors', async () => {
  const query = `query ($a: [Int!], $b: [Int!], $c: [Int!]) {
    a: at(text: "", ints: $a)
    b: at(text: "", ints: $b)
    c: at(text: "", ints: $c)
  }`;
  const wrong = Array.from({ length: 30 }, () => CANARY);
  const { status, errors } = await execute(app, query, { a: wrong, b: wrong, c: wrong });
  expect([status, errors?.length]).toEqual([400, 20]);
});

it('an argument that a variable makes invalid is refused before anything runs', async () => {
  const query = `query ($t: String = "x") { odd at(text: $t, time: "2026-01-01T00:00:00Z") }`;
  const { status, data, errors } = await execute(app, query, { t: null });
  expect({ status, data, errors }).toEqual({
    status: 400,
    errors: [{ message: 'An argument has no valid value.', locations: expect.any(Array), extensions: { code: 'BAD_USER_INPUT', requestId: expect.any(String) } }], // prettier-ignore
  });
});

it('a field that refuses its argument says so in its own words', async () => {
  const { status, errors } = await execute(app, '{ page }');
  expect([status, errors?.[0]?.message, errors?.[0]?.extensions['code']]).toEqual([200, 'first must be 1 to 100', 'BAD_USER_INPUT']); // prettier-ignore
});

it('what a field should not have answered is masked, and the log knows it', async () => {
  const { text, errors, headers } = await execute(app, '{ odd }');
  expect(errors?.[0]?.extensions['code']).toBe('INTERNAL_SERVER_ERROR');
  expect(text).not.toContain(CANARY);
  const requestId = headers.get('x-request-id');
  expect(app.logs).toContainEqual(expect.objectContaining({ requestId, msg: 'unexpected error', path: ['odd'] }));
});

it('an error of GraphQL’s own is masked, too, where it says that the fault is ours', async () => {
  const { text, errors } = await execute(app, '{ broken }');
  expect(errors).toEqual([
    {
      message: 'Something went wrong on our side; the log knows it by the request id.',
      path: ['broken'],
      locations: expect.any(Array),
      extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: expect.any(String) },
    },
  ]);
  expect(text).not.toContain(CANARY);
});

it('the names of operations that the document has not are not repeated', async () => {
  const { url } = await startTestApp();
  for (const body of [
    { query: 'query A { __typename }', operationName: CANARY },
    { query: 'query A { __typename } query B { __typename }' },
    { query: 'query A { __typename }', operationName: `" ${CANARY} "` },
  ]) {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${url}/graphql`, { method: 'POST', headers, body: JSON.stringify(body) });
    const text = await answer.text();
    expect([answer.status, JSON.parse(text).errors[0].extensions.code]).toEqual([400, 'OPERATION_RESOLUTION_FAILURE']);
    expect(text).not.toContain(CANARY);
  }
});

it.each([
  ['Cannot query field "viewr" on type "Query". Did you mean "viewer"?', null],
  ['Cannot query field "a1b2c3d4" on type "Query".', 'Cannot query field "…" on type "Query".'],
  ['Unknown directive "@_4915112345678".', 'Unknown directive "@…".'],
  ['Field "KickUsersInput.appIds" of required type "[ID!]!" was not provided.', null],
  ['Variable "$someone_at_example" is never used in operation "KickUsers".', 'Variable "$…" is never used in operation "KickUsers".'], // prettier-ignore
  ['Fields "a" conflict because "subject" and "issuer" are different fields. Use different aliases.', null],
  [`Value "${CANARY}" does not exist in "UserIdType" enum. Did you mean the enum value "USER_ID"?`, 'The value does not exist in "UserIdType" enum. Did you mean the enum value "USER_ID"?'], // prettier-ignore
  [`Somebody's own words about ${CANARY}`, REFUSED],
  [`Unknown ${CANARY}`, REFUSED],
  [`Field "a ${CANARY} b" is odd`, 'Field "…" is odd'],
])('%s', (message, shown) => {
  expect(safeValidationMessage(message)).toBe(shown ?? message);
});
