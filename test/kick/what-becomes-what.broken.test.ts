/** The table "What becomes what", its rows about answers that say nothing, connections that break, and texts withheld. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { Worker } from 'node:worker_threads';
import type { Fault } from '../../src/emulator/fault';
import { execute, operation } from '../helpers/execute';
import { atEnd } from '../helpers/at-end';
import { startTestApp, type TestApp } from '../helpers/start-app';
import { failure, success } from './payloads';

const KICK_USERS = '/api/v3/kick-users';
const PATIENT = { GENAUTH_BREAKER_FAILURES: '0' };
const HASTY = { ...PATIENT, GENAUTH_TIMEOUT_MS: '2000' };

let app: TestApp;
const targetOf = ({ genauth: { directory } }: TestApp) => ({
  userId: directory.demoUser.userId,
  appIds: [directory.demoApp.appId],
});
const isOnline = ({ genauth, ...rest }: TestApp) =>
  genauth.directory.isOnline(targetOf({ genauth, ...rest }).userId, genauth.directory.demoApp.appId);

beforeAll(async () => {
  app = await startTestApp(PATIENT);
});
beforeEach(() => {
  app.genauth.faults.clear();
  app.genauth.clearReceived();
  const { userId, appIds } = targetOf(app);
  app.genauth.directory.signIn(userId, appIds[0]!);
});

async function expectPayload(payload: object, at: TestApp = app) {
  const { status, data, errors } = await execute(at, operation('kick-users'), { input: targetOf(at) });
  expect({ status, data, errors }).toEqual({ status: 200, data: { kickUsers: payload } });
}
async function expectAnswer(fault: Fault, payload: object, at: TestApp = app) {
  at.genauth.faults.always(fault);
  await expectPayload(payload, at);
}

const unreadable = (httpStatus: number) => `GenAuth answered HTTP ${httpStatus} without its documented envelope.`;
const invalid = (httpStatus: number) =>
  failure('UPSTREAM_INVALID_RESPONSE', { message: unreadable(httpStatus), mayHaveTakenEffect: true });

describe('HTTP 4xx without an envelope (401 and 429 apart): UPSTREAM_INVALID_RESPONSE, has not taken effect', () => {
  it.each<Fault & { status: number }>([
    { kind: 'status', status: 400 },
    { kind: 'html', status: 403 },
    { kind: 'empty', status: 404 },
    { kind: 'http', status: 413, body: { message: 'too large' } },
    { kind: 'http', status: 499, body: [] },
  ])('%j', async (fault) => {
    await expectAnswer(fault, failure('UPSTREAM_INVALID_RESPONSE', { message: unreadable(fault.status) }));
  });
});

describe('2xx that is not the documented envelope: UPSTREAM_INVALID_RESPONSE, not retryable, may have taken effect', () => {
  const kicked = { statusCode: 200, message: 'm', data: { success: true } };

  it.each<[string, unknown]>([
    ['plain text', 'OK'],
    ['half of it', '{"statusCode":200,"message":"m"'],
    ['two of them', `${JSON.stringify(kicked)}${JSON.stringify(kicked)}`],
    ['an array', [kicked]],
    ['null', 'null'],
    ['a number', '200'],
    ['a string', '"Success"'],
    ['an empty object', {}],
    ['no statusCode', { ...kicked, statusCode: undefined }],
    ['statusCode null', { ...kicked, statusCode: null }],
    ['statusCode "200"', { ...kicked, statusCode: '200' }],
    ['statusCode 200.5', { ...kicked, statusCode: 200.5 }],
    ['statusCode beyond int32', { ...kicked, statusCode: 2_147_483_648 }],
    ['statusCode below int32', { ...kicked, statusCode: -2_147_483_649 }],
    ['statusCode 404 and an apiCode beyond int32', { ...kicked, statusCode: 404, apiCode: 3_000_000_000 }],
    ['no message', { ...kicked, message: undefined }],
    ['message null', { ...kicked, message: null }],
    ['message that is a number', { ...kicked, message: 1 }],
    ['apiCode "2004"', { ...kicked, statusCode: 404, apiCode: '2004' }],
    ['apiCode that is an object', { ...kicked, apiCode: {} }],
    ['requestId that is a number', { ...kicked, requestId: 1 }],
  ])('%s', async (_, body) => {
    await expectAnswer({ kind: 'http', status: 200, body }, invalid(200));
    expect(app.genauth.receivedCount(KICK_USERS)).toBe(1);
  });

  it.each<[string, object]>([
    ['no data', { data: undefined }],
    ['data null', { data: null }],
    ['data that is an array', { data: [{ success: true }] }],
    ['data true', { data: true }],
    ['no data.success', { data: {} }],
    ['data.success "true"', { data: { success: 'true' } }],
    ['data.success 1', { data: { success: 1 } }],
    ['data.success null', { data: { success: null } }],
    ['success outside data', { data: undefined, success: true }],
  ])('%s, beside which stands what GenAuth is to be asked by', async (_, wrong) => {
    const body = { ...kicked, requestId: 'asked-by', ...wrong };
    const facts = {
      message: unreadable(200),
      mayHaveTakenEffect: true,
      upstreamStatusCode: 200,
      requestId: 'asked-by',
    };
    await expectAnswer({ kind: 'http', status: 200, body }, failure('UPSTREAM_INVALID_RESPONSE', facts));
    expect(app.genauth.receivedCount(KICK_USERS)).toBe(1);
  });

  it.each<[string, Fault, number]>([
    ['HTML', { kind: 'html' }, 200],
    ['nothing', { kind: 'empty' }, 200],
    ['HTTP 204', { kind: 'empty', status: 204 }, 204],
    ['more than 1 MiB', { kind: 'oversized', bytes: 1024 * 1024 + 1 }, 200],
    ['much more than 1 MiB', { kind: 'oversized', bytes: 20_000_000 }, 200],
  ])('%s', async (_, fault, httpStatus) => {
    await expectAnswer({ ...fault, afterEffect: true }, invalid(httpStatus));
    expect([app.genauth.receivedCount(KICK_USERS), isOnline(app)]).toEqual([1, false]);
  });

  it('but 1 MiB exactly is read', async () => {
    await expectAnswer(
      { kind: 'oversized', bytes: 1024 * 1024 },
      success({ message: expect.any(String), requestId: null }),
    );
  });

  it.each([301, 302, 303, 307, 308])('a redirect is never followed: HTTP %d', async (status) => {
    await expectAnswer({ kind: 'redirect', status }, invalid(status));
    expect(app.genauth.receivedCount()).toBe(1);
  });
});

describe('no connection: UPSTREAM_UNAVAILABLE, retryable, nothing sent by this attempt', () => {
  const notSent = failure('UPSTREAM_UNAVAILABLE', {
    message: 'No connection to GenAuth; nothing was sent.',
    retryable: true,
  });

  it('connection refused', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    await expectPayload(notSent, await startTestApp({ ...PATIENT, GENAUTH_HOST: `http://127.0.0.1:${port}` }));
  });

  it('a host that speaks no TLS', async () => {
    const https = app.genauth.url.replace('http:', 'https:');
    await expectPayload(notSent, await startTestApp({ ...PATIENT, GENAUTH_HOST: https }));
    expect(app.genauth.receivedCount()).toBe(0);
  });

  it('time-out while connecting', async () => {
    const port = await listenWithoutAccepting();
    const deaf = { GENAUTH_HOST: `http://127.0.0.1:${port}`, GENAUTH_TIMEOUT_MS: '3000' };
    const silent = await startTestApp({ ...PATIENT, ...deaf });
    await expectPayload(notSent, silent);
    // A connection that does not come about leaves time for another attempt.
    const attempts = silent.logs.filter(({ msg }) => msg === 'genauth attempt');
    expect(attempts.length).toBeGreaterThan(1);
  });
});

describe('connection lost after sending: UPSTREAM_UNAVAILABLE, retryable, may have taken effect', () => {
  const lost = failure('UPSTREAM_UNAVAILABLE', {
    message: 'The connection to GenAuth was lost after the request was sent.',
    retryable: true,
    mayHaveTakenEffect: true,
  });

  it.each(['drop', 'reset', 'truncated'] as const)('%s', async (kind) => {
    await expectAnswer({ kind }, lost);
    expect(isOnline(app)).toBe(true);
    await expectAnswer({ kind, afterEffect: true }, lost);
    expect(isOnline(app)).toBe(false);
  });
});

// The faults go on for ever: that an answer comes at all is the deadline's doing.
describe('no answer in time, an answer that never ends: UPSTREAM_TIMEOUT, retryable, may have taken effect', () => {
  const timedOut = failure('UPSTREAM_TIMEOUT', {
    message: 'GenAuth gave no complete answer in time.',
    retryable: true,
    mayHaveTakenEffect: true,
  });

  it.each<Fault>([
    { kind: 'never', afterEffect: true },
    { kind: 'drip', ms: 5, afterEffect: true },
    { kind: 'delay-after-effect', ms: 3_600_000 },
  ])('%j', async (fault) => {
    const hasty = await startTestApp(HASTY);
    await expectAnswer(fault, timedOut, hasty);
    expect([hasty.genauth.receivedCount(KICK_USERS), isOnline(hasty)]).toEqual([1, false]);
  });

  it('the last attempt has only what the others have left', async () => {
    const hasty = await startTestApp({ ...PATIENT, GENAUTH_TIMEOUT_MS: '4000' });
    hasty.genauth.faults.next({ kind: 'reset' }, 2);
    await expectAnswer({ kind: 'never' }, timedOut, hasty);
    expect(hasty.genauth.receivedCount(KICK_USERS)).toBe(3);
  });
});

describe("GenAuth's message is passed on, except where it holds our key, secret or signature", () => {
  const WITHHELD = "GenAuth's message is withheld: it contains credentials of this gateway.";
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const signature = (attempt: number) => app.genauth.received[attempt]!.headers['authorization']!.split(':')[1]!;
  const keys = () => ({ id: app.genauth.accessKeyId, secret: app.genauth.accessKeySecret });
  const rejected = (message: string) =>
    failure('REJECTED', { upstreamStatusCode: 400, message, requestId: expect.any(String) });
  /** An echo of a text that is made when the call has arrived. */
  const echo = (text: () => string): Fault => ({
    kind: 'echo',
    get text() {
      return text();
    },
  });

  it.each(['authorization', 'signature', 'access-key-id', 'access-key-secret'] as const)('%s', async (what) => {
    await expectAnswer({ kind: 'echo', what }, rejected(WITHHELD));
  });

  it.each<[string, () => string]>([
    ['the secret in upper case', () => keys().secret.toUpperCase()],
    ['the key in upper case', () => `key=${keys().id.toUpperCase()}`],
    ['the signature in lower case', () => signature(0).toLowerCase()],
    ['the signature in a URL', () => encodeURIComponent(signature(0))],
    ['the secret in base64', () => base64(keys().secret)],
    ['the key in base64', () => base64(keys().id)],
    ['key and secret as of HTTP Basic', () => base64(`${keys().id}:${keys().secret}`)],
    ['the signature in base64', () => base64(signature(0))],
  ])('%s', async (_, text) => expectAnswer(echo(text), rejected(WITHHELD)));

  it('the signature of an earlier attempt', async () => {
    app.genauth.faults.next({ kind: 'status', status: 429 });
    await expectAnswer(
      echo(() => signature(0)),
      rejected(WITHHELD),
    );
  });

  it('but everything else is passed on as it is', async () => {
    const text = '参数 appIds 格式错误 <b>&amp;</b> "quoted" \u0000\n';
    await expectAnswer({ kind: 'echo', text }, rejected(`refused: ${text}`));
  });

  it.each<[string, () => string, string | null]>([
    ['our key', () => keys().id, null],
    ['our secret', () => keys().secret.toUpperCase(), null],
    ['our signature', () => signature(0), null],
    ['something that is no id', () => 'a b\n', null],
    ['nothing', () => '', null],
    ['too long', () => 'a'.repeat(129), null],
    ['an id', () => '934108e5-9fbf-4d24-8da1-c330328abd6c', '934108e5-9fbf-4d24-8da1-c330328abd6c'],
  ])('a requestId that is %s', async (_, made, requestId) => {
    const fault: Fault = {
      kind: 'envelope',
      statusCode: 400,
      message: 'm',
      get requestId() {
        return made();
      },
    };
    await expectAnswer(fault, failure('REJECTED', { upstreamStatusCode: 400, message: 'm', requestId }));
  });
});

/** A port that listens and never accepts, its queue full: further connections are not refused, they never come about. */
async function listenWithoutAccepting(): Promise<number> {
  const code = `
    const { parentPort } = require('node:worker_threads');
    const server = require('node:net').createServer();
    server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
      parentPort.postMessage(server.address().port);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    });`;
  const worker = new Worker(code, { eval: true });
  const [port] = (await once(worker, 'message')) as [number];
  const filling = Array.from({ length: 16 }, () => connect(port, '127.0.0.1').on('error', () => undefined));
  atEnd(async () => {
    for (const socket of filling) socket.destroy();
    await worker.terminate();
  });
  await Promise.all(filling.slice(0, 2).map((socket) => once(socket, 'connect')));
  return port;
}
