/** The edge below GraphQL: who may call from where, what is refused before it is an operation, and how it is told. */
import { SANDBOX_ORIGINS } from '../../src/http/sandbox';
import { Metrics } from '../../src/observability/metrics-registry';
import { KickUsersService } from '../../src/kick/kick-users.service';
import { execute, kick, operation } from '../helpers/execute';
import { startTestIssuer } from '../helpers/issuer';
import { sendRaw } from '../helpers/raw-request';
import { startTestApp, type TestApp } from '../helpers/start-app';

const JSON_TYPE = { 'content-type': 'application/json' };
const MAX_BODY_BYTES = 4 * 1024 * 1024;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const MASKED = 'Something went wrong on our side; the log knows it by the request id.';

let app: TestApp;
let input: { userId: string; appIds: string[] };
beforeAll(async () => {
  app = await startTestApp({ CORS_ORIGINS: 'https://admin.example.com,http://localhost:3000' });
  input = { userId: app.genauth.directory.demoUser.userId, appIds: [app.genauth.directory.demoApp.appId] };
});
beforeEach(() => app.genauth.clearReceived());
afterEach(() => jest.restoreAllMocks());

const kickBody = () => ({ query: operation('kick-users'), variables: { input } });

describe('origins', () => {
  let production: TestApp;
  let closed: TestApp;
  let token: string;
  beforeAll(async () => {
    const issuer = await startTestIssuer('ES256');
    const environment = { NODE_ENV: 'production', METRICS_PORT: '0', ...issuer.environment };
    production = await startTestApp({ ...environment, CORS_ORIGINS: 'https://admin.example.com' });
    closed = await startTestApp(environment);
    token = await issuer.issue();
  });

  const ADMIN = 'https://admin.example.com';
  const STRANGERS = [
    'https://evil.example',
    'https://admin.example.com.evil.example',
    'https://sub.admin.example.com',
    'http://admin.example.com',
    'https://admin.example.com:8443',
    'http://localhost',
    'null',
  ];

  it.each([
    ['outside production, Sandbox and those of CORS_ORIGINS', () => app, [...SANDBOX_ORIGINS, ADMIN, 'http://localhost:3000'], STRANGERS], // prettier-ignore
    ['in production, those of CORS_ORIGINS', () => production, [ADMIN], [...SANDBOX_ORIGINS, ...STRANGERS]],
    ['in production without CORS_ORIGINS, none', () => closed, [], [...SANDBOX_ORIGINS, ADMIN, ...STRANGERS]],
  ])('%s may read answers', async (_name, which, allowed, others) => {
    for (const origin of [...allowed, ...others]) {
      const preflight = await fetch(`${which().url}/graphql`, {
        method: 'OPTIONS',
        headers: {
          origin,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'content-type,authorization',
        },
      });
      const answer = await execute(which(), '{ __typename }', {}, { token, headers: { origin } });
      const expected = allowed.includes(origin) ? origin : null;
      const allowOrigin = [preflight, answer].map(({ headers }) => headers.get('access-control-allow-origin'));
      expect({ origin, allowOrigin }).toEqual({ origin, allowOrigin: [expected, expected] });
      expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
    }
  });

  it('preflights say what may be sent, and which headers may be read', async () => {
    const headers = { origin: ADMIN, 'access-control-request-method': 'POST', 'access-control-request-headers': 'x-a' };
    const preflight = await fetch(`${production.url}/graphql`, { method: 'OPTIONS', headers });
    expect(preflight.status).toBe(204);
    expect(Object.fromEntries(preflight.headers)).toMatchObject({
      'access-control-allow-methods': 'GET, POST',
      'access-control-allow-headers': 'x-a',
    });
    const answer = await execute(production, '{ __typename }', {}, { token, headers: { origin: ADMIN } });
    expect(answer.headers.get('access-control-expose-headers')).toBe('x-request-id, retry-after, www-authenticate');
    expect(answer.headers.get('vary')).toMatch(/\bOrigin\b/);
  });

  it('an OPTIONS that is no preflight is told the same', async () => {
    const answer = await fetch(`${production.url}/graphql`, { method: 'OPTIONS' });
    expect([answer.status, answer.headers.get('access-control-allow-methods')]).toEqual([204, 'GET, POST']);
  });
});

describe('while callers need no token, against DNS rebinding', () => {
  it.each(['localhost', 'localhost:4000', 'LocalHost', '127.0.0.1', '127.0.0.1:80', '127.9.9.9', '[::1]', '[::1]:80'])(
    'Host: %s is served',
    async (host) => {
      const answer = await sendRaw(`${app.url}/healthz`, { headers: { host } });
      expect(answer).toMatchObject({ status: 200, body: { alive: true } });
    },
  );

  it.each([
    'evil.example',
    'evil.example:4000',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'evil.example:localhost',
    'localhost@evil.example',
    'localhost:',
    'localhost:80:80',
    '0.0.0.0',
    '[::]',
    '::1',
    '10.0.0.1',
    '',
  ])('Host: %j is refused with 421, whatever is asked for', async (host) => {
    const headers = { ...JSON_TYPE, host, 'x-request-id': 'rebinding' };
    const answers = await Promise.all([
      sendRaw(`${app.url}/graphql`, { method: 'POST', headers, body: JSON.stringify(kickBody()) }),
      sendRaw(`${app.url}/`, { headers }),
      sendRaw(`${app.url}/readyz`, { headers }),
      sendRaw(`${app.url}/nothing`, { headers }),
    ]);
    for (const { status, body } of answers) {
      const extensions = { code: 'MISDIRECTED_REQUEST', requestId: 'rebinding' };
      expect({ status, body }).toEqual({
        status: 421,
        body: { errors: [{ message: expect.any(String), extensions }] },
      });
    }
    expect(app.genauth.receivedCount()).toBe(0);
  });
});

describe('the request id', () => {
  it.each(['a', 'trace-1.2:3_4', 'x'.repeat(128)])('%j is taken, echoed and passed on', async (given) => {
    const answer = await execute(app, operation('kick-users'), { input }, { headers: { 'x-request-id': given } });
    expect(answer.headers.get('x-request-id')).toBe(given);
    expect(app.genauth.received.at(-1)?.headers['x-request-id']).toBe(given);
  });

  it.each(['', 'a b', 'a,b', '<script>', 'canary\u00fc', 'a/b', 'x'.repeat(129)])('%j is replaced', async (given) => {
    const headers = { ...JSON_TYPE, 'x-request-id': given };
    const body = JSON.stringify({ query: '{ nothing }' });
    const answer = await sendRaw(`${app.url}/graphql`, { method: 'POST', headers, body });
    const requestId = answer.headers['x-request-id'];
    expect(requestId).toMatch(UUID);
    expect(answer.body).toMatchObject({ errors: [{ extensions: { requestId } }] });
  });
});

describe('a body that is not UTF-8', () => {
  // As some shells and old clients send it. Decoded somehow, m\u00fcller and m\u00f6ller would be one user, and nobody's id.
  it.each(['latin1', 'utf16le'] as const)('in %s, answers 400 and nothing is sent', async (encoding) => {
    const variables = { input: { ...input, userId: 'm\u00fcller', options: { userIdType: 'USERNAME' } } };
    const body = Buffer.from(JSON.stringify({ ...kickBody(), variables }), encoding);
    for (const path of ['/graphql', '/graphql/stream']) {
      const answer = await fetch(app.url + path, { method: 'POST', headers: JSON_TYPE, body });
      const { errors } = (await answer.json()) as { errors: { message: string; extensions: { code: string } }[] };
      expect([answer.status, errors[0]?.extensions.code]).toEqual([400, 'BAD_REQUEST']);
      if (encoding === 'latin1') expect(errors[0]?.message).toBe('The request body is not UTF-8.');
    }
    expect(app.genauth.receivedCount()).toBe(0);
  });
});

describe('what is refused before GenAuth is asked', () => {
  const post = (body: string, type = 'application/json') => ({
    method: 'POST',
    headers: { 'content-type': type },
    body,
  });
  const form = () => new URLSearchParams({ query: operation('kick-users'), variables: JSON.stringify({ input }) });
  const asQuery = () => `/graphql?${form().toString()}`;

  it.each<[string, number, string, () => string, () => RequestInit]>([
    ['a batch', 400, 'BAD_REQUEST', () => '/graphql', () => post(JSON.stringify([kickBody(), kickBody()]))],
    ['a batch of one', 400, 'BAD_REQUEST', () => '/graphql', () => post(JSON.stringify([kickBody()]))],
    ['a mutation by GET', 405, 'BAD_REQUEST', asQuery, () => ({ headers: { 'apollo-require-preflight': '1' } })],
    ['a simple GET', 400, 'BAD_REQUEST', asQuery, () => ({})],
    ['a form post', 415, 'UNSUPPORTED_MEDIA_TYPE', () => '/graphql', () => ({ method: 'POST', body: form() })],
    ['a form post with a charset', 415, 'UNSUPPORTED_MEDIA_TYPE', () => '/graphql', () => post(form().toString(), 'application/x-www-form-urlencoded; charset=utf-8')], // prettier-ignore
    ['a multipart form', 415, 'UNSUPPORTED_MEDIA_TYPE', () => '/graphql', () => post('--x--', 'multipart/form-data; boundary=x')], // prettier-ignore
    ['JSON that calls itself text', 400, 'BAD_REQUEST', () => '/graphql', () => post(JSON.stringify(kickBody()), 'text/plain')], // prettier-ignore
    ['JSON without a type', 415, 'UNSUPPORTED_MEDIA_TYPE', () => '/graphql', () => ({ method: 'POST', body: Buffer.from(JSON.stringify(kickBody())) })], // prettier-ignore
    ['malformed JSON', 400, 'BAD_REQUEST', () => '/graphql', () => post(`${JSON.stringify(kickBody())}canary`)],
    ['an empty body', 400, 'BAD_REQUEST', () => '/graphql', () => post('')],
    ['a body that is no object', 400, 'BAD_REQUEST', () => '/graphql', () => post('"canary"')],
    ['no query', 400, 'BAD_REQUEST', () => '/graphql', () => post('{"variables":{"canary":1}}')],
    ['a query that is no text', 400, 'BAD_REQUEST', () => '/graphql', () => post('{"query":{"canary":1}}')],
    ['variables as a text', 400, 'BAD_REQUEST', () => '/graphql', () => post('{"query":"{__typename}","variables":"canary"}')], // prettier-ignore
    ['a poisoned prototype', 400, 'BAD_REQUEST', () => '/graphql', () => post('{"__proto__":{"canary":1}}')],
    ['an unknown method', 405, 'METHOD_NOT_ALLOWED', () => '/graphql', () => ({ ...post(JSON.stringify(kickBody())), method: 'PUT' })], // prettier-ignore
    ['an unknown path', 404, 'NOT_FOUND', () => '/canary', () => post(JSON.stringify(kickBody()))],
    ['an address that cannot be decoded', 400, 'BAD_REQUEST', () => '/%ff/canary', () => ({})],
    ['a syntax error', 400, 'GRAPHQL_PARSE_FAILED', () => '/graphql', () => post('{"query":"canary {"}')],
    ['an unknown field', 400, 'GRAPHQL_VALIDATION_FAILED', () => '/graphql', () => post('{"query":"{ nothing }"}')],
    ['a wrong variable', 400, 'BAD_USER_INPUT', () => '/graphql', () => post(JSON.stringify({ ...kickBody(), variables: { input: { ...input, userId: ['canary'] } } }))], // prettier-ignore
  ])('%s answers %i %s with the request id', async (_name, status, code, address, init) => {
    const { headers, ...request } = init();
    const merged = { ...(headers as Record<string, string> | undefined), 'x-request-id': 'refused' };
    const answer = await fetch(app.url + address(), { ...request, headers: merged });
    const text = await answer.text();
    expect({ status: answer.status, body: JSON.parse(text) }).toMatchObject({
      status,
      body: { errors: [{ extensions: { code, requestId: 'refused' } }] },
    });
    expect(answer.headers.get('x-request-id')).toBe('refused');
    expect(text).not.toMatch(/canary|stack|node_modules/);
    expect(app.genauth.receivedCount()).toBe(0);
  });

  it.each([
    ['announced', { 'content-length': String(MAX_BODY_BYTES + 1) }, '{'],
    ['chunked', {}, 'x'.repeat(MAX_BODY_BYTES + 1)],
  ])('a body over 4 MiB, %s, answers 413 before it is read to its end', async (_name, headers, body) => {
    const answer = await sendRaw(`${app.url}/graphql`, {
      method: 'POST',
      headers: { ...JSON_TYPE, ...headers, 'x-request-id': 'large' },
      body,
      isUnfinished: true,
    });
    const extensions = { code: 'PAYLOAD_TOO_LARGE', requestId: 'large' };
    expect(answer).toMatchObject({ status: 413, body: { errors: [{ extensions }] } });
  });
});

describe('an unexpected error is masked, and the log knows it by the request id', () => {
  it.each([
    ['an Error', new TypeError('canary secret')],
    ['a text', 'canary secret'],
    ['an object', { message: 'canary secret', extensions: { code: 'canary' } }],
  ])('%s thrown in an operation', async (_name, thrown) => {
    jest.spyOn(KickUsersService.prototype, 'kick').mockRejectedValueOnce(thrown);
    const { status, text, data, errors, headers } = await execute(app, operation('kick-users'), { input });
    const requestId = headers.get('x-request-id');
    expect({ status, data, errors }).toEqual({
      status: 200,
      data: null,
      errors: [
        {
          message: MASKED,
          path: ['kickUsers'],
          locations: expect.any(Array),
          extensions: { code: 'INTERNAL_SERVER_ERROR', requestId },
        },
      ],
    });
    expect(text).not.toContain('canary');
    const records = app.logs.filter(
      (record) => record['requestId'] === requestId && record['msg'] === 'unexpected error',
    );
    expect(records).toEqual([expect.objectContaining({ level: 50, path: ['kickUsers'] })]);
    expect(JSON.stringify(records)).toContain('canary secret');
  });

  it('an Error thrown outside of GraphQL', async () => {
    jest.spyOn(Metrics.prototype, 'text').mockRejectedValueOnce(new Error('canary secret'));
    const { status, body, headers } = await sendRaw(`${app.url}/metrics`, {});
    const requestId = headers['x-request-id'];
    const extensions = { code: 'INTERNAL_SERVER_ERROR', requestId };
    expect({ status, body }).toEqual({ status: 500, body: { errors: [{ message: MASKED, extensions }] } });
    expect(app.logs).toContainEqual(
      expect.objectContaining({ requestId, err: expect.objectContaining({ message: 'canary secret' }) }),
    );
  });

  it('and the gateway serves on', async () => {
    expect(await kick(app, input)).toMatchObject({ __typename: 'KickUsersSuccess' });
  });
});
