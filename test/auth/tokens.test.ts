/** Which tokens get a caller in, and which don't. */
import { createPublicKey } from 'node:crypto';
import { CompactSign } from 'jose';
import { execute } from '../helpers/execute';
import { fakeOnly } from '../helpers/fake-clock';
import { startTestIssuer } from '../helpers/issuer';
import { makeKey, type Claims, type TestIssuer } from '../helpers/test-issuer';
import { startTestApp, type TestApp } from '../helpers/start-app';

const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']; // prettier-ignore
const VIEWER = '{ viewer { subject issuer scopes } }';
const SUBJECT = '5f64afd1ad501364e3b43c1e';

let issuer: TestIssuer;
let app: TestApp;
beforeAll(async () => {
  issuer = await startTestIssuer(...ALGORITHMS);
  app = await startTestApp(issuer.environment);
});
afterEach(() => jest.useRealTimers());

const ask = (token: string) => execute(app, VIEWER, {}, { token });
const keyFor = (algorithm: string) => issuer.keys.find((key) => key.algorithm === algorithm)!;
const now = () => Math.floor(Date.now() / 1000);

/** That a token gets nobody in, and why the log says so. */
async function expectRefused(token: string, reason: string) {
  const { status, errors, data, headers } = await ask(token);
  const requestId = headers.get('x-request-id');
  expect({ status, errors, data }).toEqual({
    status: 401,
    errors: [{ message: 'A valid bearer token is needed.', extensions: { code: 'UNAUTHENTICATED', requestId } }],
    data: undefined,
  });
  expect(app.logs.filter((record) => record['requestId'] === requestId)).toEqual([
    expect.objectContaining({ msg: 'caller refused', reason }),
  ]);
}

describe('a token of the issuer', () => {
  it.each(ALGORITHMS)('signed with %s is accepted', async (algorithm) => {
    const { status, data } = await ask(await issuer.issue({}, { key: keyFor(algorithm) }));
    expect({ status, data }).toEqual({
      status: 200,
      data: { viewer: { subject: SUBJECT, issuer: issuer.url, scopes: ['users:kick', 'kicks:read'] } },
    });
  });

  it('is accepted whatever the case of the scheme', async () => {
    const token = await issuer.issue();
    for (const scheme of ['Bearer', 'bearer', 'BEARER', 'Bearer ']) {
      const { status } = await execute(app, VIEWER, {}, { headers: { authorization: `${scheme} ${token}` } });
      expect({ scheme, status }).toEqual({ scheme, status: 200 });
    }
  });

  it('may be for others too, and may be of any age', async () => {
    const aud = ['another', issuer.environment.AUTH_AUDIENCE];
    expect((await ask(await issuer.issue({ aud, iat: 0 }))).status).toBe(200);
    expect((await ask(await issuer.issue({ iat: undefined, jti: undefined }))).status).toBe(200);
  });

  it.each([
    ['a character', 'x'],
    ['256 characters', 'x'.repeat(256)],
    ['other scripts', '王小明 \u{1f600}'],
    ['256 characters that take two units each', '\u{1f600}'.repeat(256)],
  ])('may have a subject of %s', async (_name, sub) => {
    expect((await ask(await issuer.issue({ sub }))).data.viewer.subject).toBe(sub);
  });
});

describe('clocks may differ by 30 seconds', () => {
  it.each<[string, number, number, number]>([
    ['expired 29 seconds ago', -29, 0, 200],
    ['expired 30 seconds ago', -30, 0, 401],
    ['valid in 30 seconds', 3600, 30, 200],
    ['valid in 31 seconds', 3600, 31, 401],
  ])('a token that is %s', async (_name, exp, nbf, status) => {
    fakeOnly('Date');
    expect((await ask(await issuer.issue({ exp: now() + exp, nbf: now() + nbf }))).status).toBe(status);
  });
});

describe('a token is refused', () => {
  it.each<[string, () => Claims, string]>([
    ['that has expired', () => ({ exp: now() - 60 }), 'exp check_failed'],
    ['that is not valid yet', () => ({ nbf: now() + 60 }), 'nbf check_failed'],
    ['of another issuer', () => ({ iss: 'https://issuer.example' }), 'iss check_failed'],
    ['of the issuer spelt with a slash', () => ({ iss: `${issuer.url}/` }), 'iss check_failed'],
    ['for another audience', () => ({ aud: 'another' }), 'aud check_failed'],
    ['for a list of others', () => ({ aud: ['another', 'third'] }), 'aud check_failed'],
    ['for nobody', () => ({ aud: [] }), 'aud check_failed'],
    ['without an issuer', () => ({ iss: undefined }), 'iss missing'],
    ['without an audience', () => ({ aud: undefined }), 'aud missing'],
    ['without an end', () => ({ exp: undefined }), 'exp missing'],
    ['with an end that is no number', () => ({ exp: String(now() + 60) }), 'exp invalid'],
    ['with an end that is null', () => ({ exp: null }), 'exp invalid'],
    ['with a beginning that is no number', () => ({ nbf: 'now' }), 'nbf invalid'],
    ['without a subject', () => ({ sub: undefined }), 'sub missing'],
    ['with a subject that is null', () => ({ sub: null }), 'sub is blank'],
    ['with a subject that is a number', () => ({ sub: 7 }), 'sub is blank'],
    ['with an empty subject', () => ({ sub: '' }), 'sub is blank'],
    ['with a blank subject', () => ({ sub: ' \t\u00a0' }), 'sub is blank'],
    ['with a subject of 257 characters', () => ({ sub: 'x'.repeat(257) }), 'sub is too long'],
    ['with NUL in its subject', () => ({ sub: 'a\0b' }), 'sub is not storable'],
    ['with half a character in its subject', () => ({ sub: 'a\ud800' }), 'sub is not storable'],
  ])('%s', async (_name, claims, reason) => {
    await expectRefused(await issuer.issue(claims()), reason);
  });

  it('that is signed by a key of somebody else', async () => {
    const stranger = await makeKey('RS256');
    await expectRefused(await issuer.issue({}, { key: stranger }), 'ERR_JWKS_NO_MATCHING_KEY');
  });

  it('that is signed by somebody else in the name of a key of the issuer', async () => {
    const { kid } = keyFor('RS256');
    const stranger = await makeKey('RS256', kid);
    await expectRefused(await issuer.issue({}, { key: stranger }), 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED');
  });

  it('that names a key of another algorithm', async () => {
    const { kid } = keyFor('ES256');
    await expectRefused(await issuer.issue({}, { header: { kid } }), 'ERR_JWKS_NO_MATCHING_KEY');
  });

  it('whose claims were changed after it was signed', async () => {
    const [header, , signature] = (await issuer.issue()).split('.');
    const [, claims] = (await issuer.issue({ sub: 'admin' })).split('.');
    await expectRefused(`${header}.${claims}.${signature}`, 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED');
  });

  it.each(['none', 'None', 'NONE', ''])('that is not signed: alg %j', async (alg) => {
    const [, claims] = (await issuer.issue()).split('.');
    for (const signature of ['', 'AAAA']) {
      const header = Buffer.from(JSON.stringify({ alg, typ: 'JWT' })).toString('base64url');
      await expectRefused(
        `${header}.${claims}.${signature}`,
        alg === '' ? 'ERR_JWS_INVALID' : 'ERR_JOSE_ALG_NOT_ALLOWED',
      );
    }
  });

  it.each(['HS256', 'HS384', 'HS512'])('that is signed by %s with the public key for a secret', async (alg) => {
    const { kid, publicJwk } = keyFor('RS256');
    const pem = createPublicKey({ key: publicJwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
    const [, claims = ''] = (await issuer.issue()).split('.');
    for (const secret of [String(pem), JSON.stringify(publicJwk), String(publicJwk.n)]) {
      const forged = await new CompactSign(Buffer.from(claims, 'base64url'))
        .setProtectedHeader({ alg, kid })
        .sign(new TextEncoder().encode(secret));
      await expectRefused(forged, 'ERR_JOSE_ALG_NOT_ALLOWED');
    }
  });

  it('that brings its own key', async () => {
    const stranger = await makeKey('RS256');
    const header = { jwk: stranger.publicJwk, jku: 'http://127.0.0.1:1/keys', x5u: 'http://127.0.0.1:1/keys' };
    await expectRefused(await issuer.issue({}, { key: stranger, header }), 'ERR_JWKS_NO_MATCHING_KEY');
  });

  it('with an extension that must be understood and is not', async () => {
    const [, claims, signature] = (await issuer.issue()).split('.');
    const header = { alg: 'RS256', kid: keyFor('RS256').kid, crit: ['canary'], canary: true };
    const token = `${Buffer.from(JSON.stringify(header)).toString('base64url')}.${claims}.${signature}`;
    await expectRefused(token, 'ERR_JOSE_NOT_SUPPORTED');
  });

  it.each([
    ['a word', 'x'],
    ['two parts', 'a.b'],
    ['three parts of nothing', '..'],
    ['three parts that are no JSON', 'a.b.c'],
    ['an encrypted token', 'eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.a.b.c.d'],
    ['claims that are a list', 'eyJhbGciOiJSUzI1NiJ9.W10.AAAA'],
    ['a long text', 'x'.repeat(8000)],
  ])('that is none, but %s', async (_name, token) => {
    expect((await ask(token)).status).toBe(401);
  });
});

describe('no token', () => {
  it.each([
    ['no header', undefined],
    ['an empty header', ''],
    ['the scheme alone', () => 'Bearer'],
    ['another scheme', () => 'Basic YWRtaW46YWRtaW4='],
    ['a token without a scheme', (token: string) => token],
    ['a token under another scheme', (token: string) => `Token ${token}`],
    ['a scheme stuck to its token', (token: string) => `Bearer${token}`],
    ['two tokens', (token: string) => `Bearer ${token} ${token}`],
    ['a list of tokens', (token: string) => `Bearer ${token}, Bearer ${token}`],
    ['a quoted token', (token: string) => `Bearer "${token}"`],
  ])('%s is answered 401', async (_name, write) => {
    const authorization = typeof write === 'function' ? write(await issuer.issue()) : write;
    const headers = authorization === undefined ? {} : { authorization };
    const { status, errors, headers: answered } = await execute(app, VIEWER, {}, { headers });
    expect({ status, codes: errors?.map(({ extensions }) => extensions['code']) }).toEqual({
      status: 401,
      codes: ['UNAUTHENTICATED'],
    });
    expect(answered.get('www-authenticate')).toBe('Bearer realm="genauth-kick-gateway"');
  });
});
