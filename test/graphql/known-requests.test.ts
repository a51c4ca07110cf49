/** What else is in a request: headers, parameters, sizes and costs make no difference between the two ways. */
import { execute, operation } from '../helpers/execute';
import { startTestApp, type TestApp } from '../helpers/start-app';
import { acceptedJob, finishedJob } from '../jobs/jobs';
import { expectAlike, expectSame, isKnown, learn, type Way } from './known';

const KICK = operation('kick-users');
const VIEWER = operation('viewer');
const JSON_TYPE = 'application/json; charset=utf-8';
const GRAPHQL_TYPE = 'application/graphql-response+json; charset=utf-8';

let app: TestApp;
let variables: object;
beforeAll(async () => {
  app = await startTestApp();
  const { demoUser, demoApp } = app.genauth.directory;
  variables = { input: { userId: demoUser.userId, appIds: [demoApp.appId] } };
  await finishedJob(app, await acceptedJob(app, { userIds: ['u'], appIds: ['a'] }));
});
// The new texts of a hundred comparisons drive out what was known.
beforeEach(async () => {
  if (!(await isKnown(app, KICK, variables))) await learn(app, KICK, variables);
  if (!(await isKnown(app, VIEWER))) await learn(app, VIEWER);
});

/** The records of kicks that were begun. */
async function kicksRequested(): Promise<object[]> {
  const { data } = await execute(app, '{ auditEvents(first: 100) { edges { node { id action } } } }');
  const nodes: { action: string }[] = data.auditEvents.edges.map(({ node }: { node: object }) => node);
  return nodes.filter(({ action }) => action === 'KICK_REQUESTED');
}

describe('Accept', () => {
  it.each<[string | undefined, number, string, Way]>([
    [undefined, 200, JSON_TYPE, 'short'],
    ['*/*', 200, JSON_TYPE, 'short'],
    ['application/json', 200, JSON_TYPE, 'short'],
    ['application/json; charset=utf-8', 200, JSON_TYPE, 'short'],
    ['application/graphql-response+json', 200, GRAPHQL_TYPE, 'short'],
    ['application/graphql-response+json, application/json;q=0.9', 200, GRAPHQL_TYPE, 'short'],
    ['application/json;q=0.1, application/graphql-response+json', 200, GRAPHQL_TYPE, 'short'],
    ['text/html, */*;q=0.1', 200, JSON_TYPE, 'short'],
    ['application/*', 200, JSON_TYPE, 'short'],
    ['multipart/mixed; deferSpec=20220824, application/json', 200, JSON_TYPE, 'short'],
    ['multipart/mixed, application/graphql-response+json', 200, GRAPHQL_TYPE, 'short'],
    ['application/json; callbackSpec=1.0', 200, 'application/json; callbackSpec=1.0; charset=utf-8', 'short'],
    [`application/json, ${'x'.repeat(200)}/x`, 200, JSON_TYPE, 'Apollo’s'],
    ['text/html', 406, JSON_TYPE, 'Apollo’s'],
    ['application/json;q=0', 406, JSON_TYPE, 'Apollo’s'],
    ['nonsense', 406, JSON_TYPE, 'Apollo’s'],
  ])('%s', async (accept, status, contentType, way) => {
    const headers = { accept };
    await expectAlike(app, VIEWER, {}, { headers, way: 'any' });
    for (const [query, rest] of [
      [VIEWER, {}],
      [KICK, { variables }],
    ] as const) {
      // prettier-ignore
      const answer = await expectAlike(app, query, rest, { headers, way });
      expect([answer.status, answer.headers['content-type']]).toEqual([status, contentType]);
    }
    // Errors come with the same type.
    const refused = await expectAlike(app, KICK, { variables: { input: 1 } }, { headers, way: 'any' });
    expect(refused.status).toBe(status === 200 ? 400 : 406);
  });

  it.each(['text/html', 'application/json;q=0', 'nonsense', 'multipart/mixed', 'text/*, application/xml'])(
    '%s: who would not take the answer gets 406, and nothing is done',
    async (accept) => {
      app.genauth.clearReceived();
      const before = await kicksRequested();
      const { text, logs } = await expectAlike(app, KICK, { variables }, { headers: { accept }, way: 'Apollo’s' });
      expect(JSON.parse(text)).toEqual({
        errors: [
          {
            message: expect.stringMatching(/^An 'accept' header was provided for this request which does not accept /),
            extensions: { code: 'BAD_REQUEST', requestId: 'ID' },
          },
        ],
      });
      expect(logs).toEqual([expect.stringContaining('"httpStatus":406,"errorCodes":["BAD_REQUEST"]')]);
      expect([app.genauth.receivedCount(), await kicksRequested()]).toEqual([0, before]);
    },
  );

  it('as many as one likes are asked for, and answered alike', async () => {
    for (let i = 0; i < 60; i++) {
      const headers = { accept: `application/json;q=0.${i + 10}` };
      await expectAlike(app, VIEWER, {}, { headers, way: 'any' });
    }
    // The oldest have made room, and are learned anew.
    await expectAlike(app, VIEWER, {}, { way: 'Apollo’s' });
    await expectAlike(app, VIEWER, {}, { way: 'short' });
  });
});

describe('other headers', () => {
  it.each<[string, Record<string, string>, number, Way | 'any']>([
    ['a content type with a charset', { 'content-type': 'application/json; charset=utf-8' }, 200, 'short'],
    ['another content type', { 'content-type': 'text/plain' }, 400, 'Apollo’s'],
    ['one that is not served', { 'content-type': 'application/graphql' }, 415, 'any'],
    ['an origin that may call', { origin: 'https://studio.apollographql.com' }, 200, 'short'],
    ['an origin that may not', { origin: 'https://example.com' }, 200, 'short'],
    ['a host that is not this one', { host: 'example.com' }, 421, 'any'],
    ['a connection that ends', { connection: 'close' }, 200, 'short'],
  ])('%s', async (_name, headers, status, way) => {
    expect((await expectAlike(app, VIEWER, {}, { headers, way })).status).toBe(status);
  });

  it('a request id is taken over by both', async () => {
    const headers = { 'content-type': 'application/json', 'x-request-id': 'incident-7' };
    const body = JSON.stringify({ query: KICK, variables });
    const response = await fetch(`${app.url}/graphql`, { method: 'POST', headers, body });
    expect(response.headers.get('x-request-id')).toBe('incident-7');
    await response.text();
    expect(app.logs.filter((line) => line['requestId'] === 'incident-7').map(({ msg }) => msg)).toContain('operation');
    expect(app.genauth.received.at(-1)?.headers['x-request-id']).toBe('incident-7');
  });
});

describe('parameters', () => {
  it.each<[string, object, number, Way]>([
    ['its name', { operationName: 'Viewer' }, 200, 'short'],
    ['no name', { operationName: null }, 200, 'short'],
    ['another name', { operationName: 'Other' }, 400, 'Apollo’s'],
    ['an empty name', { operationName: '' }, 400, 'Apollo’s'],
    ['a name that is none', { operationName: 1 }, 400, 'Apollo’s'],
    ['a name that is a list', { operationName: ['Viewer'] }, 400, 'Apollo’s'],
    ['variables null', { variables: null }, 200, 'short'],
    ['no variables', { variables: {} }, 200, 'short'],
    ['variables that nobody asked for', { variables: { a: { b: [1] } } }, 200, 'short'],
    ['variables that are a list', { variables: [] }, 400, 'Apollo’s'],
    ['variables that are a text', { variables: '{}' }, 400, 'Apollo’s'],
    ['variables that are a number', { variables: 0 }, 400, 'Apollo’s'],
    ['variables that are false', { variables: false }, 400, 'Apollo’s'],
    ['extensions null', { extensions: null }, 200, 'short'],
    ['extensions with nothing in them', { extensions: {} }, 200, 'Apollo’s'],
    ['extensions with something in them', { extensions: { a: 1 } }, 200, 'Apollo’s'],
    ['extensions that are a list', { extensions: [] }, 400, 'Apollo’s'],
    ['extensions that are a text', { extensions: '{}' }, 400, 'Apollo’s'],
    ['a persisted query', { extensions: { persistedQuery: { version: 1, sha256Hash: 'a' } } }, 200, 'Apollo’s'],
    ['members that nobody knows', { id: 1, doc_id: 'x' }, 200, 'short'],
  ])('%s', async (_name, rest, status, way) => {
    expect((await expectAlike(app, VIEWER, rest, { way })).status).toBe(status);
  });

  it('a name for an operation that has none', async () => {
    const query = '{ viewer { subject } }';
    await learn(app, query);
    await expectAlike(app, query, { operationName: null });
    const { status } = await expectAlike(app, query, { operationName: 'Other' }, { way: 'Apollo’s' });
    expect(status).toBe(400);
  });

  it.each<[string, (query: string) => string, number, Way | 'any']>([
    ['a batch of one', (query) => JSON.stringify([{ query }]), 400, 'Apollo’s'],
    ['a batch of two', (query) => JSON.stringify([{ query }, { query }]), 400, 'Apollo’s'],
    ['JSON that is none', (query) => `{"query": ${JSON.stringify(query)}`, 400, 'any'],
    ['a prototype', (query) => `{"query": ${JSON.stringify(query)}, "__proto__": {}}`, 400, 'any'],
    ['a text that is none', (query) => JSON.stringify({ query: [query] }), 400, 'Apollo’s'],
    ['the text alone', (query) => JSON.stringify(query), 400, 'Apollo’s'],
    ['the text under another name', (query) => JSON.stringify({ text: query }), 400, 'Apollo’s'],
    ['members given twice', (query) => `{"query": "{ a }", "query": ${JSON.stringify(query)}}`, 200, 'short'],
  ])('%s', async (_name, bodyOf, status, way) => {
    const answer = await expectSame(app, VIEWER, (query) => ({ body: bodyOf(query) }), { way });
    expect(answer.status).toBe(status);
  });
});

describe('GET', () => {
  const get = (query: string) => ({ method: 'GET', search: `?${new URLSearchParams({ query }).toString()}` });
  const mayGet = { 'content-type': undefined, 'apollo-require-preflight': '1' };

  it('of a query goes on as before', async () => {
    const answer = await expectSame(app, VIEWER, (query) => ({ ...get(query), headers: mayGet }), { way: 'Apollo’s' });
    expect(answer.status).toBe(200);
    await expectAlike(app, VIEWER);
  });

  it.each<[string, string, Record<string, string | undefined>, number]>([
    ['of a mutation is refused', KICK, mayGet, 405],
    ['as a form could send it is refused', VIEWER, { 'content-type': undefined }, 400],
  ])('%s', async (_name, text, headers, status) => {
    const answer = await expectSame(app, text, (query) => ({ ...get(query), headers }), { way: 'Apollo’s' });
    expect(answer.status).toBe(status);
  });
});

describe('limits', () => {
  const padding = 'x'.repeat(64 * 1024);

  it('a body that is too long is refused, however well the operation is known', async () => {
    const { status, text } = await expectAlike(app, KICK, { variables, padding }, { way: 'Apollo’s' });
    expect([status, JSON.parse(text).errors[0].extensions.code]).toEqual([413, 'PAYLOAD_TOO_LARGE']);
    await expectAlike(app, KICK, { variables, padding: padding.slice(4 * KICK.length) });
  });

  it('the one that may be long may be so the short way', async () => {
    const input = { userIds: ['u'], appIds: ['a'], reason: 'OTHER', idempotencyKey: 'long', verify: false };
    await learn(app, operation('start-kick-job'), { input });
    const { status } = await expectAlike(app, operation('start-kick-job'), { variables: { input: { ...input, idempotencyKey: '' } }, padding }); // prettier-ignore
    expect(status).toBe(200);
  });

  it('pages that cost too much are refused, however well smaller ones went', async () => {
    const query = `query Q($jobs: Int!, $users: Int!) {
      kickJobs(first: $jobs) { edges { node { outcomes(first: $users) { edges { node { userId state } } } } } }
    }`;
    await learn(app, query, { jobs: 1, users: 1 });
    expect((await expectAlike(app, query, { variables: { jobs: 1, users: 100 } })).status).toBe(200);
    const { status, text } = await expectAlike(app, query, { variables: { jobs: 100, users: 100 } }, { way: 'Apollo’s' }); // prettier-ignore
    expect([status, JSON.parse(text).errors[0].extensions.code]).toEqual([400, 'OPERATION_TOO_COMPLEX']);
  });
});
