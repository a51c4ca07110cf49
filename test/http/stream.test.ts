/** POST /graphql/stream before anything streams: who is let in, and what is refused, as everywhere else. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Database } from '../../src/store/database';
import { openStream, type EventStream, type StreamRequest } from '../helpers/event-stream';
import { eventually } from '../helpers/eventually';
import { operation } from '../helpers/execute';
import { startProduction } from '../helpers/production';
import { sendRaw } from '../helpers/raw-request';
import { startTestApp, type TestApp } from '../helpers/start-app';
import { makeStore, openStore } from '../helpers/stores';
import { acceptedJob, finishedJob } from '../jobs/jobs';
import { countsOf } from '../jobs/watch';

const WATCH = operation('kick-job-progress');
const CANARY = 'canary.person@leak.example';
const SELECT = 'subscription ($id: ID!) { kickJobProgress(id: $id) ';

let database: Database;
let app: TestApp;
let id: string;
beforeAll(async () => {
  database = await openStore(await makeStore('embedded'));
  app = await startTestApp({ CORS_ORIGINS: 'https://admin.example.com' }, undefined, database);
  const { demoUser, demoApp } = app.genauth.directory;
  id = await acceptedJob(app, { userIds: [demoUser.userId], appIds: [demoApp.appId] });
  await finishedJob(app, id);
});
beforeEach(() => app.genauth.clearReceived());
afterEach(() => jest.restoreAllMocks());

/** The status, and the codes of the errors, of a refusal; the answer is no stream, has the request's id, and no canary. */
async function refusalIn(stream: EventStream) {
  await stream.ended;
  const { errors } = JSON.parse(stream.text());
  expect(stream.headers['content-type']).toMatch(/^application\/json/);
  const { 'x-request-id': requestId } = stream.headers;
  const codes = errors.map(({ extensions }: { extensions: { code: string; requestId: string } }) => {
    expect(extensions.requestId).toBe(requestId);
    return extensions.code;
  });
  expect(stream.text()).not.toContain(CANARY);
  return [stream.status, ...codes];
}
const watched = async (body: object | string, options?: StreamRequest) =>
  countsOf(await (await openStream(app, body, options)).ended);
const ONE = { total: 1, pending: 0, kicked: 1, failed: 0, unknown: 0, skipped: 0 };
const watching = (more: object = {}) => ({ query: WATCH, variables: { id }, ...more });

describe('a subscription is served', () => {
  const all = `${WATCH} query Other { viewer { subject } }`;
  it.each<[string, () => object, StreamRequest?]>([
    ['as a client sends it', () => watching()],
    ['with null for what is left out', () => watching({ operationName: null, extensions: null })],
    ['by its name, among other operations', () => watching({ query: all, operationName: 'KickJobProgress' })],
    ['without an accept header', () => watching(), { headers: { accept: undefined } }],
    ['to who accepts anything', () => watching(), { headers: { accept: '*/*' } }],
    ['to who accepts any text', () => watching(), { headers: { accept: 'text/*;q=0.9' } }],
    ['to who accepts it in UTF-8', () => watching(), { headers: { accept: 'text/event-stream;charset=UTF-8' } }],
    [
      'to who accepts it among others',
      () => watching(),
      { headers: { accept: 'application/json, Text/Event-Stream' } },
    ],
    ['with its type in capitals', () => watching(), { headers: { 'content-type': 'Application/JSON' } }],
    ['with its charset', () => watching(), { headers: { 'content-type': 'application/json; charset=utf-8' } }],
  ])('%s', async (...[, body, options]) => {
    expect(await watched(body(), options)).toEqual([ONE]);
  });

  it('under another name, and to a browser of an origin that may', async () => {
    const stream = await openStream(
      app,
      { query: `${SELECT.replace('kick', 'a: kick')} { all: total } }`, variables: { id } },
      { headers: { origin: 'https://admin.example.com', 'x-request-id': 'stream-7' } },
    );
    const [first] = await stream.ended;
    expect(first!.data).toEqual({ data: { a: { all: 1 } } });
    expect(stream.headers).toMatchObject({
      'access-control-allow-origin': 'https://admin.example.com',
      'x-request-id': 'stream-7',
      'cache-control': 'no-cache',
      'x-accel-buffering': 'no',
    });
  });

  it.each<[string, () => object, string[]]>([
    ['it is over', watching, []],
    ['it has nothing to tell of', () => watching({ variables: { id: CANARY } }), ['JOB_NOT_FOUND']],
  ])('with one line in the log when %s, without its variables', async (_, body, errorCodes) => {
    app.logs.length = 0;
    await (
      await openStream(app, body())
    ).ended;
    const lines = await eventually(() => app.logs.filter(({ msg }) => msg === 'operation'), ({ length }) => length > 0); // prettier-ignore
    const what = {
      type: 'subscription',
      actor: 'developer',
      httpStatus: 200,
      errorCodes,
      durationMs: expect.any(Number),
    };
    expect(lines).toMatchObject([what]);
    expect(JSON.stringify(lines)).not.toContain(CANARY);
  });
});

describe('anything else is refused:', () => {
  const kick = () => {
    const { demoUser, demoApp } = app.genauth.directory;
    return {
      query: operation('kick-users'),
      variables: { input: { userId: demoUser.userId, appIds: [demoApp.appId] } },
    };
  };
  const aliases = Array.from({ length: 21 }, (_, index) => `a${index}: total`).join(' ');
  const padded = (bytes: number) => `${JSON.stringify(watching()).slice(0, -1)},"padding":"${'x'.repeat(bytes)}"}`;
  it.each<[string, () => object | string, (number | string)[], StreamRequest?]>([
    ['a query', () => ({ query: '{ viewer { subject } }' }), [400, 'NOT_A_SUBSCRIPTION']],
    ['a mutation, which does not run', kick, [400, 'NOT_A_SUBSCRIPTION']],
    ['a mutation beside a subscription, by its name', () => ({ ...kick(), query: `${operation('kick-users')} ${WATCH}`, operationName: 'KickUsers' }), [400, 'NOT_A_SUBSCRIPTION']], // prettier-ignore
    ['a batch', () => [watching()], [400, 'BAD_REQUEST']],
    ['two operations without a name', () => watching({ query: `${WATCH} ${WATCH.replace('KickJob', 'Other')}` }), [400, 'NOT_A_SUBSCRIPTION']], // prettier-ignore
    ['a name that no operation has', () => watching({ operationName: 'Nothing' }), [400, 'NOT_A_SUBSCRIPTION']],
    ['two jobs at once', () => ({ query: 'subscription { a: kickJobProgress(id: "x") { total } b: kickJobProgress(id: "y") { total } }' }), [400, 'GRAPHQL_VALIDATION_FAILED']], // prettier-ignore
    ['an unknown field', () => watching({ query: `${SELECT} { nothing } }` }), [400, 'GRAPHQL_VALIDATION_FAILED']],
    ['an unknown subscription', () => ({ query: 'subscription { nothing }' }), [400, 'GRAPHQL_VALIDATION_FAILED']],
    ['a variable of a wrong type', () => watching({ variables: { id: { canary: CANARY } } }), [400, 'BAD_USER_INPUT']],
    ['a variable that is left out', () => watching({ variables: null }), [400, 'BAD_USER_INPUT']],
    ['variables that are a list', () => watching({ variables: [CANARY] }), [400, 'BAD_REQUEST']],
    ['an operationName that is none', () => watching({ operationName: 7 }), [400, 'BAD_REQUEST']],
    ['extensions that are a list', () => watching({ extensions: [CANARY] }), [400, 'BAD_REQUEST']],
    ['extensions that are a text', () => watching({ extensions: CANARY }), [400, 'BAD_REQUEST']],
    ['a query that is none', () => watching({ query: [CANARY] }), [400, 'BAD_REQUEST']],
    ['a document that is none', () => watching({ query: `subscription { ${CANARY}` }), [400, 'GRAPHQL_PARSE_FAILED']],
    ['21 aliases', () => watching({ query: `${SELECT} { ${aliases} } }` }), [400, 'TOO_MANY_ALIASES']],
    ['251 fields', () => watching({ query: `${SELECT} { ${'total '.repeat(250)} } }` }), [400, 'TOO_MANY_FIELDS']],
    ['too many tokens', () => watching({ query: `${SELECT} { ${'total '.repeat(1000)} } }` }), [400, 'GRAPHQL_PARSE_FAILED']], // prettier-ignore
    ['a body over 64 KiB', () => padded(64 * 1024), [413, 'PAYLOAD_TOO_LARGE']],
    ['a body over 4 MiB', () => padded(4 * 1024 * 1024), [413, 'PAYLOAD_TOO_LARGE']],
    ['invalid JSON', () => `{"query":"${CANARY}`, [400, 'BAD_REQUEST']],
    ['an empty body', () => '', [400, 'BAD_REQUEST']],
    ['a form', () => 'query=canary', [415, 'UNSUPPORTED_MEDIA_TYPE'], { headers: { 'content-type': 'application/x-www-form-urlencoded' } }], // prettier-ignore
    ['a plain text', () => JSON.stringify(watching()), [400, 'BAD_REQUEST'], { headers: { 'content-type': 'text/plain' } }], // prettier-ignore
    ['no type of body', () => JSON.stringify(watching()), [415, 'UNSUPPORTED_MEDIA_TYPE'], { headers: { 'content-type': undefined } }], // prettier-ignore
    ['who accepts no stream', () => watching(), [406, 'NOT_ACCEPTABLE'], { headers: { accept: 'application/json' } }],
    ['who wants none', () => watching(), [406, 'NOT_ACCEPTABLE'], { headers: { accept: 'text/event-stream;q=0, application/json' } }], // prettier-ignore
    ['another host name than this machine’s', () => watching(), [421, 'MISDIRECTED_REQUEST'], { headers: { host: 'gateway.example.com' } }], // prettier-ignore
  ])('%s', async (...[, body, refusal, options]) => {
    expect(await refusalIn(await openStream(app, body(), options))).toEqual(refusal);
    expect(app.genauth.receivedCount()).toBe(0);
  });

  it.each<[string, () => object, StreamRequest, object]>([
    ['is no subscription', () => ({ query: '{ viewer { subject } }' }), {}, { httpStatus: 400, errorCodes: ['NOT_A_SUBSCRIPTION'] }], // prettier-ignore
    ['comes from who takes no stream', watching, { headers: { accept: 'application/json' } }, { httpStatus: 406, errorCodes: ['NOT_ACCEPTABLE'] }], // prettier-ignore
  ])(
    'one that %s has its line in the log, by the request id that its caller is told',
    async (_, body, options, what) => {
      app.logs.length = 0;
      const headers = { ...options.headers, 'x-request-id': 'refused-stream' };
      await refusalIn(await openStream(app, body(), { ...options, headers }));
      const lines = await eventually(() => app.logs.filter(({ msg }) => msg === 'operation'), ({ length }) => length > 0); // prettier-ignore
      expect(lines).toEqual([expect.objectContaining({ requestId: 'refused-stream', type: 'subscription', ...what })]);
    },
  );

  it.each(['GET', 'PUT', 'DELETE', 'PATCH'])('%s', async (method) => {
    const query = `?query=${encodeURIComponent(WATCH)}&variables=${encodeURIComponent(JSON.stringify({ id }))}`;
    const headers = { accept: 'text/event-stream' };
    expect((await fetch(`${app.url}/graphql/stream${query}`, { method, headers })).status).toBe(405);
  });
});

it('an error that nobody planned is masked; the log knows it by the request id', async () => {
  app.logs.length = 0;
  const query = jest.spyOn(database, 'query').mockRejectedValueOnce(new Error(`a bug with ${CANARY}`));
  const stream = await openStream(app, watching(), { headers: { 'x-request-id': 'stream-bug' } });
  query.mockRestore();
  const [event, complete] = await stream.ended;
  expect(event!.data).toEqual({
    data: null,
    errors: [
      {
        message: 'Something went wrong on our side; the log knows it by the request id.',
        path: ['kickJobProgress'],
        extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: 'stream-bug' },
      },
    ],
  });
  expect(complete!.event).toBe('complete');
  expect(app.logs).toContainEqual(
    expect.objectContaining({ level: 50, requestId: 'stream-bug', msg: 'unexpected error' }),
  );
});

describe('in production', () => {
  const MANIFEST = path.join(__dirname, '..', 'generated', 'persisted-documents.json');
  let production: TestApp;
  beforeAll(async () => {
    production = await startProduction({ PERSISTED_OPERATIONS: 'enforce', PERSISTED_OPERATIONS_FILE: MANIFEST });
  });

  it('only operations of the manifest are served, and of others nothing is told but that', async () => {
    const stream = await openStream(production, watching({ variables: { id: 'none' } }));
    expect((await stream.ended)[0]!.data.errors[0].extensions.code).toBe('JOB_NOT_FOUND');
    for (const query of [`${SELECT} { total } }`, `${SELECT} { nothing } }`, '{ viewer { subject } }']) {
      const refused = await openStream(production, watching({ query }));
      expect(await refusalIn(refused)).toEqual([400, 'PERSISTED_QUERY_NOT_IN_LIST']);
    }
  });

  it('those of the manifest are known by their hashes, and no others', async () => {
    const manifest: Record<string, string> = JSON.parse(readFileSync(MANIFEST, 'utf8'));
    const [prefixed = '', text = ''] =
      Object.entries(manifest).find(([, document]) => document.includes('KickJobProgress')) ?? [];
    const sha256Hash = prefixed.replace('sha256:', '');
    const send = async (persistedQuery: unknown, query?: string, of = production) => {
      const stream = await openStream(of, { query, variables: { id: 'none' }, extensions: { persistedQuery } });
      await stream.ended;
      if (stream.status === 200) return stream.events[0]!.data.errors[0].extensions.code;
      return refusalIn(stream);
    };
    for (const known of [sha256Hash, prefixed]) {
      expect(await send({ version: 1, sha256Hash: known })).toBe('JOB_NOT_FOUND');
    }
    expect(await send({ version: 1, sha256Hash }, text)).toBe('JOB_NOT_FOUND');
    for (const unknown of ['0'.repeat(64), '__proto__', '', 7, null, [sha256Hash], undefined]) {
      expect(await send({ version: 1, sha256Hash: unknown })).toEqual([400, 'PERSISTED_QUERY_NOT_FOUND']);
    }
    expect(await send({ version: 2, sha256Hash })).toEqual([400, 'BAD_REQUEST']);
    expect(await send('odd')).toEqual([400, 'BAD_REQUEST']);
    expect(await send({ version: 1, sha256Hash }, `${text} `)).toEqual([400, 'BAD_REQUEST']);
    expect(await send(null)).toEqual([400, 'BAD_REQUEST']);
    expect(await send({ version: 1, sha256Hash }, undefined, app)).toEqual([400, 'PERSISTED_QUERY_NOT_SUPPORTED']);
  });

  it('operations that are not in the manifest are told of in the log first, once each', async () => {
    const app = await startTestApp({ PERSISTED_OPERATIONS: 'log', PERSISTED_OPERATIONS_FILE: MANIFEST });
    const unlisted = watching({ query: `${SELECT} { total } }`, variables: { id: 'none' } });
    for (const request of [watching({ variables: { id: 'none' } }), unlisted, unlisted]) {
      await (
        await openStream(app, request)
      ).ended;
    }
    const told = app.logs.filter(({ msg }) => msg === 'operation is not in the manifest');
    expect(told).toEqual([expect.objectContaining({ sha256: expect.stringMatching(/^[0-9a-f]{64}$/) })]);
  });

  it('the schema is not told, nor guessed at', async () => {
    const open = await startProduction();
    const withSchema = `${WATCH} query Q { __schema { types { name } } }`;
    expect(await refusalIn(await openStream(open, watching({ query: withSchema, operationName: 'KickJobProgress' })))).toEqual([400, 'GRAPHQL_VALIDATION_FAILED', 'GRAPHQL_VALIDATION_FAILED']); // prettier-ignore
    const misspelt = await openStream(open, watching({ query: `${SELECT} { totl } }` }));
    await misspelt.ended;
    expect(misspelt.text()).not.toMatch(/did you mean/i);
  });

  it.each([5, 4 * 1024 * 1024 + 1])(
    'without a token, the answer comes before a body of %i bytes is read',
    async (length) => {
      const headers = { 'content-type': 'application/json', 'content-length': String(length), 'x-request-id': 'door' };
      const request = { method: 'POST', headers, body: '{', isUnfinished: true };
      const answer = await sendRaw(`${production.url}/graphql/stream`, request);
      expect(answer).toMatchObject({
        status: 401,
        headers: { 'www-authenticate': 'Bearer realm="genauth-kick-gateway"' },
        body: { errors: [{ extensions: { code: 'UNAUTHENTICATED', requestId: 'door' } }] },
      });
    },
  );
});
