/** The door in front of GraphQL: who is sent away before the body is read, how, and who may do what inside. */
import { connect } from 'node:net';
import { VerifiedTokens } from '../../src/auth/verified-tokens';
import { eventually } from '../helpers/eventually';
import { execute, kick, operation } from '../helpers/execute';
import { fakeOnly } from '../helpers/fake-clock';
import { startTestIssuer } from '../helpers/issuer';
import { type Claims, type TestIssuer } from '../helpers/test-issuer';
import { sendRaw } from '../helpers/raw-request';
import { startTestApp, type TestApp } from '../helpers/start-app';

const JSON_TYPE = { 'content-type': 'application/json' };
const REALM = 'Bearer realm="genauth-kick-gateway"';
const MESSAGE = 'A valid bearer token is needed.';

let issuer: TestIssuer;
let app: TestApp;
let input: { userId: string; appIds: string[] };
beforeAll(async () => {
  issuer = await startTestIssuer('ES256');
  app = await startTestApp({ ...issuer.environment, CORS_ORIGINS: 'https://admin.example.com' });
  input = { userId: app.genauth.directory.demoUser.userId, appIds: [app.genauth.directory.demoApp.appId] };
});
beforeEach(() => app.genauth.clearReceived());
afterEach(() => {
  jest.useRealTimers();
  jest.restoreAllMocks();
});

const refusalFor = (requestId: string) => ({
  errors: [{ message: MESSAGE, extensions: { code: 'UNAUTHENTICATED', requestId } }],
});

describe('without a valid token', () => {
  const headers = { ...JSON_TYPE, 'x-request-id': 'door' };
  const forged = { authorization: 'Bearer a.b.c' };

  it.each<[string, string, Record<string, string>]>([
    ['no token', REALM, {}],
    ['a bad token', `${REALM}, error="invalid_token"`, forged],
  ])('%s: the answer comes before the body, which is not read', async (_name, challenge, authorization) => {
    for (const length of ['5', String(4 * 1024 * 1024 + 1)]) {
      const answer = await sendRaw(`${app.url}/graphql`, {
        method: 'POST',
        headers: { ...headers, ...authorization, 'content-length': length },
        body: '{',
        isUnfinished: true,
      });
      expect({ status: answer.status, body: answer.body }).toEqual({ status: 401, body: refusalFor('door') });
      expect(answer.headers['www-authenticate']).toBe(challenge);
      expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    }
  });

  it('the connection of a body that does not end is cut', async () => {
    const socket = connect(Number(new URL(app.url).port), '127.0.0.1').on('error', () => undefined);
    const received: string[] = [];
    socket.setEncoding('utf8').on('data', (text: string) => received.push(text));
    let isCut = false;
    socket.once('close', () => (isCut = true));
    socket.write('POST /graphql HTTP/1.1\r\nHost: x\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{');
    // Not waited for as long as it takes: a connection that is only kept alive ends, too.
    await eventually(() => isCut);
    expect(received.join('')).toMatch(/^HTTP\/1\.1 401 /);
  });

  it('the connection of a body that has come is kept, and serves the next request', async () => {
    const socket = connect(Number(new URL(app.url).port), '127.0.0.1');
    const received: string[] = [];
    socket.setEncoding('utf8').on('data', (text: string) => received.push(text));
    const answers = () => received.join('').match(/HTTP\/1\.1 \d+/g) ?? [];
    socket.write('POST /graphql HTTP/1.1\r\nHost: x\r\ncontent-type: application/json\r\ncontent-length: 1\r\n\r\n{');
    await eventually(() => answers().length === 1);
    socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    await new Promise((resolve) => socket.once('close', resolve));
    expect(answers()).toEqual(['HTTP/1.1 401', 'HTTP/1.1 200']);
  });

  it.each<[string, RequestInit]>([
    ['a kick', { method: 'POST', headers, body: JSON.stringify({ query: operation('kick-users') }) }],
    ['malformed JSON', { method: 'POST', headers, body: '{canary' }],
    ['an empty body', { method: 'POST', headers }],
    ['a form', { method: 'POST', headers: { 'x-request-id': 'door' }, body: new URLSearchParams('query=canary') }],
    ['a query by GET', { headers: { ...headers, 'apollo-require-preflight': '1' } }],
  ])('%s is answered 401 and never reaches GraphQL', async (_name, init) => {
    const answer = await fetch(`${app.url}/graphql?query=%7B__typename%7D`, init);
    expect({ status: answer.status, body: await answer.json() }).toEqual({ status: 401, body: refusalFor('door') });
    expect(app.genauth.receivedCount()).toBe(0);
    expect(app.logs.filter(({ msg }) => msg === 'operation')).toEqual([]);
  });

  it('HEAD is refused as a method, as PUT is, whoever asks', async () => {
    const { status, headers: told } = await fetch(`${app.url}/graphql`, { method: 'HEAD' });
    expect([status, told.get('allow')]).toEqual([405, 'GET, POST']);
  });

  it('a browser may ask first, and may read the refusal', async () => {
    const origin = 'https://admin.example.com';
    const preflight = await fetch(`${app.url}/graphql`, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' },
    });
    expect(preflight.status).toBe(204);
    const answer = await execute(app, '{ __typename }', {}, { headers: { origin } });
    expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([401, origin]);
  });

  it.each(['/healthz', '/readyz', '/'])('%s is open', async (path) => {
    expect((await fetch(app.url + path)).status).toBe(200);
  });
});

it('with callers’ tokens any Host header is served: there is nothing for DNS rebinding to gain', async () => {
  const answer = await sendRaw(`${app.url}/healthz`, { headers: { host: 'gateway.example.com' } });
  expect(answer).toMatchObject({ status: 200, body: { alive: true } });
});

describe('scopes', () => {
  it.each<[string, Claims, string[]]>([
    ['scope', { scope: 'users:kick' }, ['users:kick']],
    ['scope among others', { scope: 'openid users:kick  kicks:read email' }, ['users:kick', 'kicks:read']],
    ['permissions', { scope: undefined, permissions: ['kicks:read', 'other'] }, ['kicks:read']],
    ['both', { scope: 'kicks:read', permissions: ['users:kick'] }, ['users:kick', 'kicks:read']],
    ['neither', { scope: undefined }, []],
    ['an empty scope', { scope: '' }, []],
    ['scopes that only look like ours', { scope: 'users:kick:all users users:kick,kicks:read USERS:KICK' }, []],
    ['claims of other types', { scope: ['users:kick'], permissions: 'users:kick' }, []],
    ['permissions that are no texts', { scope: 7, permissions: [['users:kick'], { a: 'users:kick' }, null] }, []],
  ])('%s', async (_name, claims, scopes) => {
    const token = await issuer.issue(claims);
    const { status, data } = await execute(app, '{ viewer { scopes } }', {}, { token });
    expect({ status, scopes: data.viewer.scopes }).toEqual({ status: 200, scopes });

    const isAllowed = scopes.includes('users:kick');
    const answer = await execute(app, operation('kick-users'), { input }, { token });
    expect(answer.status).toBe(isAllowed ? 200 : 403);
    expect(app.genauth.receivedCount()).toBe(isAllowed ? 1 : 0);
    if (isAllowed) return;
    expect(answer.data ?? null).toBeNull();
    expect(answer.errors).toMatchObject([
      { message: 'The token lacks the scope users:kick.', extensions: { code: 'FORBIDDEN' } },
    ]);
    expect(answer.headers.get('www-authenticate')).toBe(`${REALM}, error="insufficient_scope"`);
  });

  it('a bad input does not get past the lack of one', async () => {
    const token = await issuer.issue({ scope: 'kicks:read' });
    const answer = await kick(app, { userId: '', appIds: [] }, { token });
    expect(answer).toMatchObject({ status: 403, errors: [{ extensions: { code: 'FORBIDDEN' } }] });
  });
});

describe('tokens that were found good', () => {
  const now = () => Math.floor(Date.now() / 1000);
  const statusOf = async (token: string) => (await execute(app, '{ __typename }', {}, { token })).status;

  it('are not checked again for a minute', async () => {
    const timers = fakeOnly('Date');
    const checked = jest.spyOn(VerifiedTokens.prototype, 'remember');
    const token = await issuer.issue();
    for (let round = 0; round < 3; round++) expect(await statusOf(token)).toBe(200);
    expect(checked).toHaveBeenCalledTimes(1);
    timers.setSystemTime(Date.now() + 59_999);
    expect(await statusOf(token)).toBe(200);
    expect(checked).toHaveBeenCalledTimes(1);
    timers.setSystemTime(Date.now() + 1);
    expect(await statusOf(token)).toBe(200);
    expect(checked).toHaveBeenCalledTimes(2);
  });

  it('are checked again from the moment when they expire', async () => {
    const timers = fakeOnly('Date');
    const checked = jest.spyOn(VerifiedTokens.prototype, 'remember');
    const exp = now() + 10;
    const token = await issuer.issue({ exp });
    expect(await statusOf(token)).toBe(200);
    // Within the 30 seconds by which clocks may differ.
    for (const [at, status, checks] of [
      [exp - 1, 200, 1],
      [exp, 200, 2],
      [exp + 29, 200, 3],
      [exp + 30, 401, 3],
    ] as const) {
      // prettier-ignore
      timers.setSystemTime(at * 1000);
      expect([at - exp, await statusOf(token)]).toEqual([at - exp, status]);
      expect(checked).toHaveBeenCalledTimes(checks);
    }
  });

  it('are forgotten, the oldest first, before there are too many', () => {
    const tokens = new VerifiedTokens();
    const keys = Object.assign(() => Promise.reject(new Error('not asked')), { jwks: () => ({ keys: [] }) });
    const principal = { subject: 's', issuer: 'i', scopes: new Set<never>(), untilMs: Infinity };
    for (let index = 0; index <= 10_000; index++) tokens.remember(`t${index}`, keys, principal, now() + 60);
    expect(tokens.find('t0', keys)).toBeNull();
    expect(tokens.find('t1', keys)).toBe(principal);
    expect(tokens.find('t10000', keys)).toBe(principal);
  });
});

it('no token is ever in the log, good or bad', async () => {
  const good = await issuer.issue({ sub: 'somebody' });
  const bad = await issuer.issue({ aud: 'canary-audience', exp: 1 });
  expect(await kick(app, input, { token: good })).toMatchObject({ __typename: 'KickUsersSuccess' });
  await execute(app, '{ nothing }', {}, { token: good });
  await execute(app, '{ viewer { subject } }', {}, { token: bad });
  await execute(app, '{ viewer { subject } }', {}, { headers: { authorization: 'Basic canary-basic' } });
  const text = JSON.stringify(app.logs);
  expect(text).toContain('"actor":"somebody"');
  for (const part of [...good.split('.'), ...bad.split('.'), 'canary', 'Bearer ']) expect(text).not.toContain(part);
});
