/** The issuer's keys: found, kept, followed when they rotate, and what happens while they can't be had. */
import { VerifiedTokens } from '../../src/auth/verified-tokens';
import { eventually } from '../helpers/eventually';
import { execute } from '../helpers/execute';
import { fakeOnly } from '../helpers/fake-clock';
import { startTestIssuer } from '../helpers/issuer';
import { makeKey, type TestIssuer } from '../helpers/test-issuer';
import { scrape } from '../helpers/scrape';
import { startTestApp, type TestApp } from '../helpers/start-app';
import { notesOf, statusOf } from './callers';

const COOL_DOWN_MS = 5000;
const RETRY_MS = 5000;
const REFRESH_MS = 10 * 60_000;
const MAX_AGE_MS = 24 * 3_600_000;

/** Moves the clock that keys are kept by, and nothing else. */
let clock: typeof jest;
beforeEach(() => {
  clock = fakeOnly('performance', 'setInterval', 'clearInterval');
});
afterEach(() => {
  jest.useRealTimers();
  jest.restoreAllMocks();
});

/** Fresh, stale, unavailable. */
async function gaugeOf(app: TestApp) {
  const { value } = await scrape(app);
  return ['fresh', 'stale', 'unavailable'].map((state) => value('kick_gateway_auth_keys', { state }));
}

const start = async (issuer: TestIssuer) => startTestApp(issuer.environment);

describe('an issuer that can be asked', () => {
  it('is asked once at the start, and not for each token', async () => {
    const issuer = await startTestIssuer();
    const app = await start(issuer);
    expect(issuer.fetches).toEqual({ discovery: 1, keys: 1 });
    for (let round = 0; round < 5; round++) expect(await statusOf(app, await issuer.issue())).toBe(200);
    expect(issuer.fetches).toEqual({ discovery: 1, keys: 1 });
    expect(await notesOf(app)).toEqual([]);
  });

  it('is asked every ten minutes, and what was found good stays so while its keys are the same', async () => {
    const issuer = await startTestIssuer('ES256');
    const app = await start(issuer);
    const checked = jest.spyOn(VerifiedTokens.prototype, 'remember');
    const token = await issuer.issue();
    expect(await statusOf(app, token)).toBe(200);
    clock.advanceTimersByTime(REFRESH_MS);
    await eventually(() => issuer.fetches.keys === 2);
    // Once a forged name is answered, a look that was under way is over.
    const forged = await issuer.issue({}, { header: { kid: 'nobody' } });
    expect(await statusOf(app, forged)).toBe(401);
    expect(await statusOf(app, token)).toBe(200);
    expect(checked).toHaveBeenCalledTimes(1);
  });

  it('is not asked where its keys are when AUTH_JWKS_URL says so', async () => {
    const issuer = await startTestIssuer();
    const AUTH_ISSUER = 'https://issuer.example';
    const app = await startTestApp({ ...issuer.environment, AUTH_ISSUER, AUTH_JWKS_URL: issuer.keysUrl });
    expect(issuer.fetches).toEqual({ discovery: 0, keys: 1 });
    expect(await statusOf(app, await issuer.issue({ iss: AUTH_ISSUER }))).toBe(200);
    expect(await statusOf(app, await issuer.issue())).toBe(401);
  });

  it('may have a trailing slash, and it counts', async () => {
    const issuer = await startTestIssuer();
    issuer.discovery = { issuer: `${issuer.url}/` };
    const app = await startTestApp({ ...issuer.environment, AUTH_ISSUER: `${issuer.url}/` });
    expect(await statusOf(app, await issuer.issue({ iss: `${issuer.url}/` }))).toBe(200);
    expect(await statusOf(app, await issuer.issue())).toBe(401);
  });

  it('may have several keys, and tokens that name none of them', async () => {
    const issuer = await startTestIssuer('ES256', 'ES256', 'ES256');
    const app = await start(issuer);
    for (const key of issuer.keys) {
      expect(await statusOf(app, await issuer.issue({}, { key, header: { kid: undefined } }))).toBe(200);
    }
    const stranger = await makeKey('ES256');
    expect(await statusOf(app, await issuer.issue({}, { key: stranger, header: { kid: undefined } }))).toBe(401);
  });

  it('may publish keys of a kind that nobody here knows', async () => {
    const issuer = await startTestIssuer('ES256');
    const { keys } = issuer;
    const unknown = { ...keys[0]!, publicJwk: { kty: 'NEW', kid: 'new', 'x-canary': true } };
    issuer.keys = [...keys, unknown];
    expect(await statusOf(await start(issuer), await issuer.issue())).toBe(200);
  });
});

describe('rotation', () => {
  it('is followed with the first token that names the new key', async () => {
    const issuer = await startTestIssuer('ES256');
    const app = await start(issuer);
    await issuer.rotate('ES256');
    const tokens = await Promise.all(Array.from({ length: 20 }, () => issuer.issue()));
    const statuses = await Promise.all(tokens.map((token) => statusOf(app, token)));
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(issuer.fetches.keys).toBe(2);
  });

  it('is followed when the new key has the name of the old one, or keys have no names', async () => {
    const issuer = await startTestIssuer('ES256');
    const app = await start(issuer);
    await issuer.rotate('ES256', issuer.keys[0]!.kid);
    expect(await statusOf(app, await issuer.issue())).toBe(200);
    await issuer.rotate('ES256');
    clock.advanceTimersByTime(COOL_DOWN_MS);
    expect(await statusOf(app, await issuer.issue({}, { header: { kid: undefined } }))).toBe(200);
  });

  it('cannot be feigned to make it fetch without end, and is still followed after that', async () => {
    const issuer = await startTestIssuer('ES256');
    const app = await start(issuer);
    const forge = async () => issuer.issue({}, { key: await makeKey('ES256') });
    for (let round = 0; round < 30; round++) expect(await statusOf(app, await forge())).toBe(401);
    expect(issuer.fetches).toEqual({ discovery: 2, keys: 2 });

    const known = await issuer.issue();
    await issuer.rotate('ES256');
    expect(await statusOf(app, await issuer.issue())).toBe(401);
    expect(await statusOf(app, known)).toBe(200);
    // Nor a moment before it may look again.
    clock.advanceTimersByTime(COOL_DOWN_MS - 1);
    expect(await statusOf(app, await forge())).toBe(401);
    expect(issuer.fetches).toEqual({ discovery: 2, keys: 2 });
    clock.advanceTimersByTime(1);
    expect(await statusOf(app, await issuer.issue())).toBe(200);
    expect(issuer.fetches).toEqual({ discovery: 3, keys: 3 });
  });

  it('takes a withdrawn key out within ten minutes, tokens used a moment ago included', async () => {
    const issuer = await startTestIssuer('ES256');
    const app = await start(issuer);
    const token = await issuer.issue();
    expect(await statusOf(app, token)).toBe(200);
    await issuer.rotate('ES256');
    clock.advanceTimersByTime(REFRESH_MS - 1);
    expect([await statusOf(app, token), issuer.fetches.keys]).toEqual([200, 1]);
    clock.advanceTimersByTime(1);
    await eventually(
      () => statusOf(app, token),
      (status) => status === 401,
    );
    clock.advanceTimersByTime(REFRESH_MS);
    await eventually(() => issuer.fetches.keys > 2);
  });
});

describe('an issuer that cannot be asked any more', () => {
  it('is remembered for a day, then every caller is refused until it is back', async () => {
    const issuer = await startTestIssuer('ES256');
    const app = await start(issuer);
    const token = await issuer.issue({ exp: Math.floor(Date.now() / 1000) + 7 * 86_400 });
    await issuer.stop();
    expect(await gaugeOf(app)).toEqual([1, 0, 0]);
    clock.advanceTimersByTime(REFRESH_MS);
    await eventually(async () => (await notesOf(app)).includes('AUTH_KEYS_STALE'));
    expect(await gaugeOf(app)).toEqual([0, 1, 0]);
    expect(app.logs).toContainEqual(
      // The second when it was the connection of the last time that was found closed.
      expect.objectContaining({ level: 40, reason: expect.stringMatching(/: (ECONNREFUSED|UND_ERR_SOCKET)$/) }),
    );
    clock.advanceTimersByTime(MAX_AGE_MS - REFRESH_MS);
    expect(await statusOf(app, token)).toBe(200);
    expect(await statusOf(app, await issuer.issue())).toBe(200);

    clock.advanceTimersByTime(1);
    expect(await statusOf(app, token)).toBe(401);
    expect(await notesOf(app)).toEqual(['AUTH_KEYS_UNAVAILABLE']);
    expect(await gaugeOf(app)).toEqual([0, 0, 1]);
    await issuer.start();
    clock.advanceTimersByTime(RETRY_MS);
    await eventually(
      () => statusOf(app, token),
      (status) => status === 200,
    );
    expect(await notesOf(app)).toEqual([]);
  });
});

describe('an issuer that withdraws all of its keys', () => {
  it('is obeyed at the next look, which is told, and let in again by its next key', async () => {
    const issuer = await startTestIssuer('ES256');
    const app = await start(issuer);
    const token = await issuer.issue();
    expect(await statusOf(app, token)).toBe(200);
    const { keys } = issuer;
    issuer.keys = [];
    clock.advanceTimersByTime(REFRESH_MS);
    await eventually(
      () => statusOf(app, token),
      (status) => status === 401,
    );
    expect(await notesOf(app)).toEqual(['AUTH_KEYS_UNAVAILABLE']);
    expect(await gaugeOf(app)).toEqual([0, 0, 1]);
    issuer.keys = keys;
    clock.advanceTimersByTime(RETRY_MS);
    await eventually(
      () => statusOf(app, token),
      (status) => status === 200,
    );
    expect(await notesOf(app)).toEqual([]);
  });
});

describe('a start while the issuer is down', () => {
  it('refuses every caller, says so, and mends itself', async () => {
    const issuer = await startTestIssuer('ES256');
    await issuer.stop();
    const app = await start(issuer);
    expect(app.logs).toContainEqual(
      expect.objectContaining({
        level: 50,
        reason: 'discovery cannot be read: ECONNREFUSED',
        msg: "the issuer's keys cannot be had and none are known: every caller is refused",
      }),
    );
    const { status, headers, errors } = await execute(app, '{ __typename }', {}, { token: await issuer.issue() });
    const requestId = headers.get('x-request-id');
    expect({ status, errors }).toMatchObject({ status: 401, errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
    expect(app.logs).toContainEqual(expect.objectContaining({ requestId, msg: 'caller refused', reason: 'no keys' }));
    expect(await notesOf(app)).toEqual(['AUTH_KEYS_UNAVAILABLE']);

    await issuer.start();
    expect(issuer.fetches.discovery).toBe(0);
    clock.advanceTimersByTime(RETRY_MS);
    await eventually(async () => (await notesOf(app)).length === 0);
    expect(await statusOf(app, await issuer.issue())).toBe(200);
    expect(app.logs).toContainEqual(expect.objectContaining({ msg: "the issuer's keys are back" }));
  });

  it('asks no more than every few seconds, however many callers come', async () => {
    const issuer = await startTestIssuer('ES256');
    issuer.broken.discovery = (response) => response.writeHead(500).end();
    const app = await start(issuer);
    const token = await issuer.issue();
    for (let round = 0; round < 20; round++) expect(await statusOf(app, token)).toBe(401);
    expect(issuer.fetches).toEqual({ discovery: 2, keys: 0 });
  });
});
