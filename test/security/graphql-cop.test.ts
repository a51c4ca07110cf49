/** The probes of graphql-cop (https://github.com/dolevf/graphql-cop), each with the behaviour that is promised instead. */
import { execute, type GraphQLAnswer } from '../helpers/execute';
import { startProduction, withToken } from '../helpers/production';
import { startTestApp, type TestApp } from '../helpers/start-app';

let development: TestApp;
let production: TestApp;
beforeAll(async () => {
  development = await startTestApp();
  production = await startProduction();
});
const both = () => [development, production];
const codesOf = ({ errors }: GraphQLAnswer) => [...new Set(errors?.map(({ extensions }) => extensions['code']))];
const INTROSPECTION = 'query cop { __schema { types { name fields { name } } } }';
const CIRCULAR = `query cop { __schema { types { ${'fields { type { '.repeat(4)} name ${'} }'.repeat(4)} } } }`;
const HTML = { accept: 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.8' };
const PREFLIGHTED = { 'apollo-require-preflight': '1' };
const MUTATION = 'mutation cop { kickUsers(input: { userId: "u", appIds: ["a"] }) { __typename } }';

/** Refused as a whole, before anything runs. */
async function expectRefused(app: TestApp, query: string, code: string) {
  const answer = await execute(app, query);
  expect({ status: answer.status, data: answer.data, codes: codesOf(answer) }).toEqual({ status: 400, codes: [code] });
}

describe('denial of service', () => {
  it('alias overloading: 101 aliases are refused', async () => {
    const aliases = Array.from({ length: 101 }, (_, i) => `alias${i}: __typename`).join(' ');
    for (const app of both()) await expectRefused(app, `query cop { ${aliases} }`, 'TOO_MANY_ALIASES');
  });

  it('array batching: ten operations in a body are refused', async () => {
    for (const app of both()) {
      const body = JSON.stringify(Array.from({ length: 10 }, () => ({ query: 'query cop { __typename }' })));
      const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body };
      const answer = await fetch(`${app.url}/graphql`, withToken(app, init));
      expect([answer.status, (await answer.json()).errors[0].extensions.code]).toEqual([400, 'BAD_REQUEST']);
    }
  });

  it('directive overloading: refused, and a thousand directives make no thousand errors', async () => {
    for (const app of both()) {
      await expectRefused(app, `query cop { __typename ${'@aa'.repeat(10)} }`, 'GRAPHQL_VALIDATION_FAILED');
      const many = await execute(app, `query cop { __typename ${'@aa'.repeat(490)} }`);
      expect([many.status, (many.errors ?? []).length <= 21]).toEqual([400, true]);
      await expectRefused(
        app,
        `query cop { __typename ${'@skip(if: false) '.repeat(10)} }`,
        'GRAPHQL_VALIDATION_FAILED',
      );
    }
  });

  it('circular introspection: refused by its depth where introspection is on, and altogether where it is off', async () => {
    for (const app of both()) await expectRefused(app, CIRCULAR, 'GRAPHQL_VALIDATION_FAILED');
  });

  it('circular fragments: refused', async () => {
    const query =
      'query cop { __schema { ...A } } fragment A on __Schema { __typename ...B } fragment B on __Schema { ...A }';
    for (const app of both()) await expectRefused(app, query, 'GRAPHQL_VALIDATION_FAILED');
  });

  it('field duplication: the same field 500 times is refused', async () => {
    for (const app of both())
      await expectRefused(app, `query cop { ${'__typename \n'.repeat(500)} }`, 'TOO_MANY_FIELDS');
  });
});

describe('information', () => {
  it.each([
    ['a field', 'query cop { viewr { subject } }', 'viewer'],
    ['a field of the schema', 'query cop { __schema { directive } }', 'directives'],
    ['an argument', MUTATION.replace('input:', 'imput:'), '"input"'],
    ['an input field', MUTATION.replace('userId:', 'userID:'), '"userId"\\?'],
    ['a type', 'query cop($a: KickUserInput) { __typename }', 'KickUsersInput'],
    ['a member of a union', 'mutation { kickUsers(input: {}) { ... on KickUserError { code } } }', 'KickUsersError'],
    ['a value of an enum', MUTATION.replace('appIds', 'options: { userIdType: MAIL }, appIds'), 'EMAIL'],
  ])('field suggestions: for %s none in production', async (_name, query, suggested) => {
    const { text, status } = await execute(production, query);
    expect(status).toBe(400);
    expect(text).not.toContain('Did you mean');
    expect((await execute(development, query)).text.replaceAll(String.raw`\"`, '"')).toMatch(
      new RegExp(`Did you mean .*${suggested}`),
    );
  });

  it('GraphQL IDE: none at any usual address in production, and none at the endpoint anywhere', async () => {
    const addresses = ['/', '/graphiql', '/playground', '/console', '/altair', '/voyager', '/graphql'];
    for (const address of addresses) {
      const answer = await fetch(production.url + address, withToken(production, { headers: HTML }));
      expect([address, answer.status]).toEqual([address, address === '/graphql' ? 400 : 404]);
      expect(await answer.text()).not.toMatch(/<html|graphiql|playground|sandbox/i);
    }
    const endpoint = await fetch(`${development.url}/graphql`, { headers: HTML });
    expect([endpoint.status, endpoint.headers.get('content-type')]).toEqual([400, 'application/json; charset=utf-8']);
  });

  it('introspection: off in production, as a query and by GET', async () => {
    await expectRefused(production, INTROSPECTION, 'GRAPHQL_VALIDATION_FAILED');
    await expectRefused(production, '{ __type(name: "Query") { name } }', 'GRAPHQL_VALIDATION_FAILED');
    const byGet = await fetch(
      `${production.url}/graphql?query=${encodeURIComponent(INTROSPECTION)}`,
      withToken(production, { headers: PREFLIGHTED }),
    );
    expect(byGet.status).toBe(400);
    expect((await execute(production, '{ __typename }')).data).toEqual({ __typename: 'Query' });
    expect((await execute(development, INTROSPECTION)).errors).toBeUndefined();
  });

  it('trace mode: no extensions, whoever asks', async () => {
    const headers = { 'apollo-federation-include-trace': 'ftv1', 'x-apollo-tracing': '1', 'apollo-tracing': '1' };
    for (const app of both()) {
      const { text } = await execute(app, 'query cop { __typename }', {}, { headers });
      expect(JSON.parse(text)).toEqual({ data: { __typename: 'Query' } });
    }
  });

  it('unhandled errors: a document that is none has a code, a place and nothing else', async () => {
    for (const app of both()) {
      const { errors } = await execute(app, 'qwerty cop { abc }', {}, { headers: { 'x-request-id': 'cop' } });
      const message = 'Syntax Error: the document cannot be parsed at line 1, column 1.';
      const extensions = { code: 'GRAPHQL_PARSE_FAILED', requestId: 'cop' };
      expect(errors).toEqual([{ message, locations: [{ line: 1, column: 1 }], extensions }]);
    }
  });
});

describe('cross-site request forgery', () => {
  const byGet = (app: TestApp, query: string, headers = {}) =>
    fetch(`${app.url}/graphql?query=${encodeURIComponent(query)}`, withToken(app, { headers }));

  it('GET queries: refused when a page of another site could have sent them', async () => {
    for (const app of both()) {
      expect((await byGet(app, '{ __typename }')).status).toBe(400);
      expect((await byGet(app, '{ __typename }', PREFLIGHTED)).status).toBe(200);
    }
  });

  it.each([
    ['GET', {}, 400],
    ['GET', PREFLIGHTED, 405],
    ['HEAD', {}, 405],
    ['HEAD', PREFLIGHTED, 405],
  ])('mutations by %s with %j: refused, and nothing is sent', async (method, headers, status) => {
    for (const app of both()) {
      const address = `${app.url}/graphql?query=${encodeURIComponent(MUTATION)}`;
      expect((await fetch(address, withToken(app, { method, headers }))).status).toBe(status);
      expect(app.genauth.receivedCount()).toBe(0);
    }
  });

  it.each([
    ['urlencoded', new URLSearchParams({ query: MUTATION }).toString(), 'application/x-www-form-urlencoded', 415],
    ['multipart', `--x\r\ncontent-disposition: form-data; name="query"\r\n\r\n${MUTATION}\r\n--x--`, 'multipart/form-data; boundary=x', 415], // prettier-ignore
    ['plain text', JSON.stringify({ query: MUTATION }), 'text/plain', 400],
  ])('POST as %s: refused, and nothing is sent', async (_name, body, type, status) => {
    for (const app of both()) {
      const answer = await fetch(
        `${app.url}/graphql`,
        withToken(app, { method: 'POST', headers: { 'content-type': type }, body }),
      );
      expect([answer.status, (await answer.json()).data]).toEqual([status, undefined]);
      expect(app.genauth.receivedCount()).toBe(0);
    }
  });
});

it('nothing is reported to Apollo, whatever its variables in the environment ask for', async () => {
  const before = { ...process.env };
  // Without a key, this alone would keep Apollo Server from starting, if its reporting were left on.
  process.env['APOLLO_SCHEMA_REPORTING'] = 'true';
  try {
    const app = await startTestApp();
    expect((await execute(app, '{ __typename }')).status).toBe(200);
  } finally {
    process.env = before;
  }
});
