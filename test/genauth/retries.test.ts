/** When a kick is tried again, how, and what its caller is told of all attempts together. */
import fc from 'fast-check';
import { AppError, ErrorCode } from '../../src/errors';
import type { Fault } from '../../src/emulator/fault';
import { Deadline, waitBeforeRetry } from '../../src/genauth/resilience';
import { kick } from '../helpers/execute';
import { startTestApp, type TestApp } from '../helpers/start-app';
import { startTestClient } from '../helpers/start-client';
import { failure, success } from '../kick/payloads';

const KICK_USERS = '/api/v3/kick-users';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp({ GENAUTH_BREAKER_FAILURES: '0' });
});
beforeEach(() => {
  app.genauth.faults.clear();
  app.genauth.clearReceived();
});
afterEach(() => jest.restoreAllMocks());

const kickDemoUser = () => {
  const { demoUser, demoApp } = app.genauth.directory;
  return kick(app, { userId: demoUser.userId, appIds: [demoApp.appId] });
};
const calls = () => app.genauth.receivedCount(KICK_USERS);
const down = (retryAfter?: string): Fault => ({
  kind: 'status',
  status: 503,
  ...(retryAfter !== undefined && { headers: { 'retry-after': retryAfter } }),
});
const THROTTLED: Fault = { kind: 'envelope', statusCode: 429 };
const UNKNOWN_USER: Fault = { kind: 'envelope', statusCode: 404, apiCode: 2004, message: 'm', requestId: 'r-1' };

describe('a kick is tried three times at most, and only where its failure may pass', () => {
  it.each<[number, Fault]>([
    [1, { kind: 'envelope', statusCode: 200, data: { success: true } }],
    [1, { kind: 'envelope', statusCode: 200, data: { success: false } }],
    [1, { kind: 'envelope', statusCode: 404, apiCode: 2011 }],
    [1, { kind: 'envelope', statusCode: 500, apiCode: 2004 }],
    [1, { kind: 'envelope', statusCode: 404 }],
    [1, { kind: 'envelope', statusCode: 400 }],
    [1, { kind: 'envelope', statusCode: 401 }],
    [1, { kind: 'envelope', statusCode: 400, apiCode: 1306 }],
    [1, { kind: 'envelope', statusCode: 400, httpStatus: 503 }],
    [1, { kind: 'envelope', statusCode: 603 }],
    [1, { kind: 'envelope', statusCode: 302 }],
    [1, { kind: 'status', status: 401 }],
    [1, { kind: 'status', status: 404 }],
    [1, { kind: 'html' }],
    [1, { kind: 'empty' }],
    [1, { kind: 'redirect' }],
    [1, { kind: 'oversized', bytes: 2_000_000 }],
    [3, { kind: 'envelope', statusCode: 500 }],
    [3, { kind: 'envelope', statusCode: 503 }],
    [3, { kind: 'envelope', statusCode: 429 }],
    [3, { kind: 'envelope', statusCode: 200, data: { success: true }, httpStatus: 500 }],
    [3, { kind: 'status', status: 429 }],
    [3, { kind: 'html', status: 502 }],
    [3, { kind: 'drop' }],
    [3, { kind: 'reset' }],
    [3, { kind: 'truncated' }],
  ])('%d: %j', async (attempts, fault) => {
    app.genauth.faults.always(fault);
    const { code, retryable } = await kickDemoUser();
    expect(calls()).toBe(attempts);
    expect(retryable).toBe(code === undefined ? undefined : attempts > 1);
  });

  it('where there is no connection, too', async () => {
    const unreachable = await startTestApp({ GENAUTH_HOST: 'http://127.0.0.1:1', GENAUTH_BREAKER_FAILURES: '0' });
    expect(await kick(unreachable, { userId: 'u', appIds: ['a'] })).toMatchObject({ mayHaveTakenEffect: false });
    const attempts = unreachable.logs.filter(({ msg }) => msg === 'genauth attempt').map(({ attempt }) => attempt);
    expect(attempts).toEqual([1, 2, 3]);
  });

  it('each attempt says the same with a signature of its own', async () => {
    app.genauth.faults.next({ kind: 'reset' }, 2);
    expect(await kickDemoUser()).toEqual(success());
    const { received } = app.genauth;
    expect(received).toMatchObject(Array.from({ length: 3 }, () => ({ path: KICK_USERS, signatureValid: true })));
    const distinct = (values: unknown[]) => new Set(values).size;
    expect(distinct(received.map(({ headers }) => headers['x-authing-signature-nonce']))).toBe(3);
    expect(distinct(received.map(({ headers }) => headers['authorization']))).toBe(3);
    expect(distinct(received.map(({ rawBody }) => rawBody))).toBe(1);
    expect(distinct(received.map(({ headers }) => headers['x-request-id']))).toBe(1);
  });
});

describe('what the attempts add up to', () => {
  const refused = { upstreamStatusCode: 404, apiCode: 2004, message: 'm', requestId: 'r-1' };

  it.each<[string, Fault[], object]>([
    ['in doubt, then done: done', [{ kind: 'drop', afterEffect: true }], success()],
    ['twice in doubt, then done: done', [down(), { kind: 'reset' }], success()],
    ['throttled, then done: done', [THROTTLED], success()],
    [
      'in doubt, then refused: refused, and may have taken effect',
      [{ kind: 'drop' }, UNKNOWN_USER],
      failure('USER_NOT_FOUND', { ...refused, mayHaveTakenEffect: true }),
    ],
    [
      'in doubt, then throttled, then refused: the same',
      [down(), THROTTLED, UNKNOWN_USER],
      failure('USER_NOT_FOUND', { ...refused, mayHaveTakenEffect: true }),
    ],
    [
      'throttled, then refused: refused, and has not taken effect',
      [THROTTLED, UNKNOWN_USER],
      failure('USER_NOT_FOUND', refused),
    ],
    [
      'in doubt, then throttled to the end: throttled, and may have taken effect',
      [{ kind: 'reset' }, THROTTLED, { kind: 'status', status: 429 }],
      failure('RATE_LIMITED', {
        message: 'GenAuth answered HTTP 429 without its documented envelope.',
        retryable: true,
        retryAfterSeconds: 1,
        mayHaveTakenEffect: true,
      }),
    ],
  ])('%s', async (_, faults, payload) => {
    for (const fault of faults) app.genauth.faults.next(fault);
    expect(await kickDemoUser()).toEqual(payload);
  });
});

describe('a kick is not tried again', () => {
  it.each([
    ['UPSTREAM_UNAVAILABLE', down('1')],
    ['UPSTREAM_UNAVAILABLE', down(new Date(Date.now() + 3_600_000).toUTCString())],
    ['RATE_LIMITED', { kind: 'status', status: 429, headers: { 'retry-after': '1' } }],
  ] as const)('when GenAuth asks for a longer wait than ours: %s, %j', async (code, fault) => {
    app.genauth.faults.always(fault);
    expect(await kickDemoUser()).toMatchObject({ code, retryable: true, retryAfterSeconds: expect.any(Number) });
    expect(calls()).toBe(1);
  });

  it('but it is when GenAuth asks for none', async () => {
    app.genauth.faults.next(down('0'));
    expect(await kickDemoUser()).toEqual(success());
    expect(calls()).toBe(2);
  });

  it('when the wait would end after the deadline', async () => {
    const realNow = performance.now.bind(performance);
    let laterMs = 0;
    jest.spyOn(performance, 'now').mockImplementation(() => realNow() + laterMs);
    // Read when the call has arrived: 9.99 of the deadline's 10 seconds have passed by then.
    const late: Fault = {
      kind: 'status',
      get status() {
        laterMs = 9990;
        return 503;
      },
    };
    app.genauth.faults.next(late);
    expect(await kickDemoUser()).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', mayHaveTakenEffect: true });
    expect(calls()).toBe(1);
  });
});

it('GenAuth is not believed to mean more than a minute, however long it asks for', async () => {
  const nowMs = Math.ceil(performance.now());
  jest.spyOn(performance, 'now').mockImplementation(() => nowMs);
  const { genauth, client } = await startTestClient();
  const path = '/api/v3/get-user';
  genauth.faults.next({ kind: 'status', status: 429, headers: { 'retry-after': '86400' } }, 1, path);
  await expect(client.findUserId('email', 'a@example.com', { requestId: 'r' })).rejects.toMatchObject({
    code: 'RATE_LIMITED',
    retryAfterSeconds: 86_400,
  });
  expect(client.askedToWaitMs).toBe(60_000);
});

it('the question whether our key is taken is asked once: whoever asks it asks again', async () => {
  const { genauth, client } = await startTestClient();
  const path = '/api/v3/list-application-simple-info';
  genauth.faults.next(down(), 1, path);
  await expect(client.checkKey({ requestId: 'r' })).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
  expect(genauth.receivedCount()).toBe(1);
});

describe('waitBeforeRetry', () => {
  const codes = fc.constantFrom(...Object.values(ErrorCode));
  const seconds = fc.option(fc.nat({ max: 3 }));
  const attempts = fc.integer({ min: 1, max: 6 });
  const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  const LONGEST_MS = [100, 300];

  it('never waits longer than 100 and 300 ms, nor past the deadline, nor where waiting is no use', () => {
    // It takes no time itself, however busy the machine is.
    jest.spyOn(performance, 'now').mockReturnValue(performance.now());
    fc.assert(
      fc.property(codes, seconds, attempts, random, fc.nat({ max: 500 }), (code, asked, attempt, draw, timeoutMs) => {
        const error = new AppError(code, 'm', { retryAfterSeconds: asked });
        const waitMs = waitBeforeRetry(error, attempt, new Deadline(timeoutMs), draw);
        const longestMs = LONGEST_MS[attempt - 1];
        if (longestMs === undefined || !error.isRetryable || (asked ?? 0) > 0) return waitMs === null;
        return waitMs === null ? timeoutMs <= longestMs : waitMs <= longestMs && waitMs < timeoutMs && waitMs > 0;
      }),
    );
  });

  it('spreads its waits, so that those who failed together do not come back together', () => {
    const error = new AppError(ErrorCode.UPSTREAM_UNAVAILABLE, 'm');
    const waits = [1, 2].map((attempt) =>
      [0, 0.5, 0.999].map((draw) => Math.round(waitBeforeRetry(error, attempt, new Deadline(10_000), draw) ?? -1)),
    );
    for (const [i, [shortest, middle, longest]] of waits.entries()) {
      expect(shortest).toBeLessThan(middle!);
      expect(middle).toBeLessThan(longest!);
      expect(longest).toBe(LONGEST_MS[i]);
    }
  });
});
