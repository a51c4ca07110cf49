/** The table "What becomes what", its rows about answers that say something. The others: what-becomes-what.broken.test.ts. */
import type { Fault } from '../../src/emulator/fault';
import { execute, operation } from '../helpers/execute';
import { startTestApp, startTestEmulator, type TestApp } from '../helpers/start-app';
import { failure, success } from './payloads';

let app: TestApp;
const targetOf = ({ genauth: { directory } }: TestApp) => ({
  userId: directory.demoUser.userId,
  appIds: [directory.demoApp.appId],
});

beforeAll(async () => {
  app = await startTestApp({ GENAUTH_BREAKER_FAILURES: '0' });
});
beforeEach(() => app.genauth.faults.clear());
afterEach(() => jest.restoreAllMocks());

/** Kicks, and compares the whole answer; a failure in the payload is HTTP 200 as well. */
async function expectPayload(payload: object, input: object = {}, at: TestApp = app) {
  const { status, data, errors } = await execute(at, operation('kick-users'), { input: { ...targetOf(at), ...input } });
  expect({ status, data, errors }).toEqual({ status: 200, data: { kickUsers: payload } });
}
async function expectAnswer(fault: Fault, payload: object) {
  app.genauth.faults.always(fault);
  await expectPayload(payload);
}

type EnvelopeFault = Omit<Extract<Fault, { kind: 'envelope' }>, 'kind'>;
/** An envelope of GenAuth's, and the facts of it that are passed on. */
function envelope(fault: EnvelopeFault): { fault: Fault; facts: Record<string, unknown> } {
  const { statusCode, apiCode = null, message = 'from GenAuth', requestId = 'r-1' } = fault;
  return {
    fault: { kind: 'envelope', ...fault, message, requestId },
    facts: { upstreamStatusCode: statusCode, apiCode, message, requestId },
  };
}
const unreadable = (httpStatus: number) => `GenAuth answered HTTP ${httpStatus} without its documented envelope.`;
const kicked = { statusCode: 200, data: { success: true } };

describe('2xx, statusCode 200 and data.success === true: KickUsersSuccess', () => {
  it('answers what GenAuth said, the session ended', async () => {
    await expectPayload(success());
    const { userId, appIds } = targetOf(app);
    expect(app.genauth.directory.isOnline(userId, appIds[0]!)).toBe(false);
  });

  it.each<[string, number, object, object]>([
    ['HTTP 201', 201, { message: 'm' }, { message: 'm' }],
    ['HTTP 299', 299, { message: 'm' }, { message: 'm' }],
    ['an empty message', 200, { message: '' }, { message: '' }],
    ['a Chinese message', 200, { message: '操作成功' }, { message: '操作成功' }],
    ['a requestId', 200, { message: '', requestId: 'r-1' }, { message: '', requestId: 'r-1' }],
    ['null for what is optional', 200, { message: '', requestId: null, apiCode: null }, { message: '' }],
    ['an apiCode that stands for nothing', 200, { message: '', apiCode: 9999 }, { message: '' }],
    [
      'fields that nobody knows',
      200,
      { message: '', uniqueId: 'u', data: { success: true, more: 1 } },
      { message: '' },
    ],
  ])('%s changes nothing', async (_, status, more, facts) => {
    await expectAnswer({ kind: 'http', status, body: { ...kicked, ...more } }, success({ requestId: null, ...facts }));
  });

  it('a byte order mark before it changes nothing', async () => {
    const body = `\uFEFF${JSON.stringify({ ...kicked, message: 'm' })}`;
    await expectAnswer({ kind: 'http', status: 200, body }, success({ requestId: null, message: 'm' }));
  });
});

describe('apiCode 2011: APP_NOT_FOUND', () => {
  it('is what an unknown app earns', async () => {
    const facts = { upstreamStatusCode: 404, apiCode: 2011, message: 'Application does not exist' };
    await expectPayload(failure('APP_NOT_FOUND', { ...facts, requestId: expect.any(String) }), { appIds: ['unknown'] });
  });

  it.each([400, 401, 404, 429, 499, 500, 603, 201])('whatever the statusCode: %d', async (statusCode) => {
    const { fault, facts } = envelope({ statusCode, apiCode: 2011 });
    await expectAnswer(fault, failure('APP_NOT_FOUND', facts));
  });
});

describe('apiCode 2004, or statusCode 404 without another known apiCode: USER_NOT_FOUND', () => {
  it('is what an unknown user earns', async () => {
    const facts = { upstreamStatusCode: 404, apiCode: 2004, message: 'User does not exist' };
    await expectPayload(failure('USER_NOT_FOUND', { ...facts, requestId: expect.any(String) }), { userId: 'nobody' });
  });

  it.each<EnvelopeFault>([
    { statusCode: 400, apiCode: 2004 },
    { statusCode: 500, apiCode: 2004 },
    { statusCode: 404 },
    { statusCode: 404, apiCode: 9999 },
    { statusCode: 404, httpStatus: 500 },
    { statusCode: 404, httpStatus: 404 },
  ])('%j', async (row) => {
    const { fault, facts } = envelope(row);
    await expectAnswer(fault, failure('USER_NOT_FOUND', facts));
  });
});

describe('statusCode 429, in the body or as HTTP status: RATE_LIMITED', () => {
  const limited = { retryable: true, retryAfterSeconds: 1 };

  it('is what the limit of GenAuth earns', async () => {
    const now = Date.now();
    const genauth = await startTestEmulator({ maxRequestsPerSecond: 1, now: () => now, retryAfterSeconds: 2 });
    const limitedApp = await startTestApp({}, genauth);
    await expectPayload(success(), {}, limitedApp);
    const message = 'Your requests exceed the maximum allowed, please try again later';
    const facts = { ...limited, retryAfterSeconds: 2, upstreamStatusCode: 429, message };
    await expectPayload(failure('RATE_LIMITED', facts), {}, limitedApp);
  });

  it.each([200, 429, 503])('in the body, beside HTTP %d', async (httpStatus) => {
    const { fault, facts } = envelope({ statusCode: 429, httpStatus });
    await expectAnswer(fault, failure('RATE_LIMITED', { ...facts, ...limited }));
  });

  it.each<Fault>([
    { kind: 'status', status: 429 },
    { kind: 'html', status: 429 },
    { kind: 'empty', status: 429 },
  ])('as HTTP status alone: %j', async (fault) =>
    expectAnswer(fault, failure('RATE_LIMITED', { ...limited, message: unreadable(429) })),
  );

  it.each<[string, number]>([
    ['30', 30],
    ['0', 0],
    ['99999999999', 2_147_483_647],
    ['Wed, 21 Oct 2015 07:29:30 GMT', 90],
    ['Wed, 21 Oct 2015 07:27:00 GMT', 0],
    ['Wednesday, 21-Oct-15 07:29:30 GMT', 90],
    ['soon', 1],
    ['1.5', 1],
    ['-1', 1],
    ['5, 7', 1],
  ])('Retry-After: %s', async (value, retryAfterSeconds) => {
    jest.spyOn(Date, 'now').mockReturnValue(Date.parse('Wed, 21 Oct 2015 07:28:00 GMT'));
    const fault: Fault = { kind: 'status', status: 429, headers: { 'retry-after': value } };
    await expectAnswer(fault, failure('RATE_LIMITED', { ...limited, retryAfterSeconds, message: unreadable(429) }));
  });
});

describe('statusCode 401, apiCode 1300-1306 or 2020, HTTP 401: UPSTREAM_REFUSED_CREDENTIALS', () => {
  it.each<EnvelopeFault>([
    { statusCode: 401 },
    { statusCode: 401, apiCode: 4021 },
    { statusCode: 401, httpStatus: 500 },
    ...[1300, 1301, 1302, 1303, 1304, 1305, 1306, 2020].flatMap((apiCode) =>
      [401, 400, 404, 500].map((statusCode) => ({ statusCode, apiCode })),
    ),
  ])('%j', async (row) => {
    const { fault, facts } = envelope(row);
    await expectAnswer(fault, failure('UPSTREAM_REFUSED_CREDENTIALS', facts));
  });

  it.each<Fault>([
    { kind: 'status', status: 401 },
    { kind: 'html', status: 401 },
    { kind: 'empty', status: 401 },
  ])('HTTP 401 alone: %j', async (fault) =>
    expectAnswer(fault, failure('UPSTREAM_REFUSED_CREDENTIALS', { message: unreadable(401) })),
  );

  it('is logged as an error, and readiness tells until a call gets through', async () => {
    const strangers = await startTestApp({ GENAUTH_ACCESS_KEY_SECRET: 'not the secret' });
    const readiness = async () => (await fetch(`${strangers.url}/readyz`)).json();
    expect(await readiness()).toEqual({ ready: true, reasons: [], notes: [] });
    const message = 'The signature is not correct';
    const facts = { upstreamStatusCode: 401, apiCode: 1300, message, requestId: expect.any(String) };
    await expectPayload(failure('UPSTREAM_REFUSED_CREDENTIALS', facts), {}, strangers);
    expect(strangers.logs).toContainEqual(
      expect.objectContaining({ level: 50, msg: 'GenAuth refuses our key', code: 'UPSTREAM_REFUSED_CREDENTIALS' }),
    );
    expect(await readiness()).toEqual({ ready: false, reasons: ['GENAUTH_KEY_REFUSED'], notes: [] });
    strangers.genauth.faults.next({ kind: 'envelope', ...kicked });
    await expectPayload(success({ message: '' }), {}, strangers);
    expect(await readiness()).toEqual({ ready: true, reasons: [], notes: [] });
  });
});

describe('any other 4xx statusCode, or success: false: REJECTED', () => {
  it.each<EnvelopeFault>([
    { statusCode: 400 },
    { statusCode: 400, apiCode: 4021 },
    { statusCode: 400, httpStatus: 500 },
    { statusCode: 400, httpStatus: 401 },
    { statusCode: 402, apiCode: 4021 },
    { statusCode: 403, apiCode: 2333 },
    { statusCode: 404, apiCode: 2224 },
    { statusCode: 404, apiCode: 2005 },
    { statusCode: 409 },
    { statusCode: 413 },
    { statusCode: 422, apiCode: 2_120_008 },
    { statusCode: 499 },
  ])('%j has not taken effect', async (row) => {
    const { fault, facts } = envelope(row);
    await expectAnswer(fault, failure('REJECTED', facts));
  });

  it.each<EnvelopeFault>([
    { statusCode: 200 },
    { statusCode: 200, apiCode: 2224 },
    { statusCode: 200, httpStatus: 500 },
    { statusCode: 422 },
    { statusCode: 400, apiCode: 4021 },
  ])('success: false may have: %j', async (row) => {
    const { fault, facts } = envelope({ ...row, data: { success: false } });
    await expectAnswer(fault, failure('REJECTED', { ...facts, mayHaveTakenEffect: true }));
  });

  it('is what a user who is signed in nowhere may earn', async () => {
    const genauth = await startTestEmulator({ notSignedIn: 'success-false', requestIdOnSuccess: false });
    const strict = await startTestApp({}, genauth);
    await expectPayload(success({ requestId: null }), {}, strict);
    const facts = { upstreamStatusCode: 200, message: 'Success', mayHaveTakenEffect: true };
    await expectPayload(failure('REJECTED', facts), {}, strict);
  });
});

describe('statusCode 6xx or any other: REJECTED, may have taken effect', () => {
  it.each([600, 601, 602, 603, 699, 201, 204, 0, -1, 100, 302, 399, 700, 2_147_483_647, -2_147_483_648])(
    '%d',
    async (statusCode) => {
      const { fault, facts } = envelope({ statusCode, data: { success: true } });
      await expectAnswer(fault, failure('REJECTED', { ...facts, mayHaveTakenEffect: true }));
    },
  );
});

describe('statusCode 5xx, HTTP 5xx: UPSTREAM_UNAVAILABLE, retryable, may have taken effect', () => {
  const down = { retryable: true, mayHaveTakenEffect: true };

  it.each([500, 501, 502, 503, 599])('statusCode %d', async (statusCode) => {
    const { fault, facts } = envelope({ statusCode });
    await expectAnswer(fault, failure('UPSTREAM_UNAVAILABLE', { ...facts, ...down }));
  });

  it.each<Fault>([
    { kind: 'status', status: 500 },
    { kind: 'html', status: 502 },
    { kind: 'empty', status: 503 },
    { kind: 'http', status: 504, body: { error: 'gateway' } },
  ])('HTTP status alone: %j', async (fault) => {
    const { status } = fault as { status: number };
    await expectAnswer(fault, failure('UPSTREAM_UNAVAILABLE', { ...down, message: unreadable(status) }));
  });

  it('passes Retry-After on', async () => {
    const fault: Fault = { kind: 'status', status: 503, headers: { 'retry-after': '7' } };
    const facts = { ...down, retryAfterSeconds: 7, message: unreadable(503) };
    await expectAnswer(fault, failure('UPSTREAM_UNAVAILABLE', facts));
  });
});

describe('an answer that contradicts itself is neither a success nor a clear refusal', () => {
  it.each<[number, string, boolean]>([
    [302, 'UPSTREAM_INVALID_RESPONSE', false],
    [401, 'UPSTREAM_REFUSED_CREDENTIALS', false],
    [404, 'UPSTREAM_INVALID_RESPONSE', false],
    [500, 'UPSTREAM_UNAVAILABLE', true],
  ])('a non-2xx is never a success: HTTP %d with the envelope of one is %s', async (httpStatus, code, retryable) => {
    const { fault, facts } = envelope({ ...kicked, httpStatus });
    const told = { ...facts, message: `GenAuth answered HTTP ${httpStatus}, but success in its envelope.` };
    await expectAnswer(fault, failure(code, { ...told, retryable, mayHaveTakenEffect: true }));
  });

  it('HTTP 429 with the envelope of a success is RATE_LIMITED', async () => {
    const { fault, facts } = envelope({ ...kicked, httpStatus: 429 });
    const told = { ...facts, message: 'GenAuth answered HTTP 429, but success in its envelope.' };
    const limited = { retryable: true, retryAfterSeconds: 1, mayHaveTakenEffect: true };
    await expectAnswer(fault, failure('RATE_LIMITED', { ...told, ...limited }));
  });

  it.each([
    [400, 'REJECTED'],
    [404, 'USER_NOT_FOUND'],
    [429, 'RATE_LIMITED'],
  ])('statusCode %d beside success: true is no clear no', async (statusCode, code) => {
    const { fault, facts } = envelope({ ...kicked, statusCode });
    const limited = statusCode === 429 ? { retryable: true, retryAfterSeconds: 1 } : {};
    await expectAnswer(fault, failure(code, { ...facts, ...limited, mayHaveTakenEffect: true }));
  });

  it.each<[number, string]>([
    [2011, 'APP_NOT_FOUND'],
    [2004, 'USER_NOT_FOUND'],
    [1300, 'UPSTREAM_REFUSED_CREDENTIALS'],
    [2020, 'UPSTREAM_REFUSED_CREDENTIALS'],
    [2224, 'REJECTED'],
    [2005, 'REJECTED'],
  ])('apiCode %d decides before statusCode 200 and success: true', async (apiCode, code) => {
    const { fault, facts } = envelope({ ...kicked, apiCode });
    await expectAnswer(fault, failure(code, { ...facts, mayHaveTakenEffect: true }));
  });
});
