/** The published SDK's own functions are the oracle; the worked examples were computed with it and with openssl. */
import { buildAuthorization, buildStringToSign } from 'authing-node-sdk/dist/utils/buildSignature';
import fc from 'fast-check';
import { DIALECTS, newNonce, sign, signedHeaders, stringToSign, type Params } from '../../src/genauth/signature';

const KEY = { id: 'example-key-id', secret: 'example-secret' };
const NONCE = '0123456789abcdef0123456789abcdef';
const NOW = Date.parse('2015-10-21T07:28:00Z');

const KICK = {
  userId: '6229ffaxxxxxxxxcade3e3d9',
  appIds: ['62188e71cxxxx3075289c580'],
  options: { userIdType: 'user_id' },
};

const input = (overrides: object) => ({
  method: 'POST' as const,
  path: '/api/v3/kick-users',
  params: KICK as Params,
  lang: 'en-US',
  tenantId: null,
  nonce: NONCE,
  now: NOW,
  ...overrides,
});

test('the string to sign is the method, the signed headers in order, and the resource without a line end', () => {
  const { headers } = signedHeaders(input({}), KEY, DIALECTS.authing);
  const text = stringToSign('POST', '/api/v3/kick-users', headers, KICK, 'x-authing-');
  expect(text).toBe(
    [
      'POST',
      'date:Wed, 21 Oct 2015 07:28:00 GMT',
      'x-authing-lang:en-US',
      'x-authing-sdk-version:authing-node-sdk:4.0.1',
      'x-authing-signature-method:HMAC-SHA1',
      `x-authing-signature-nonce:${NONCE}`,
      'x-authing-signature-version:1.0',
      '/api/v3/kick-users?appIds=["62188e71cxxxx3075289c580"]&options={"userIdType":"user_id"}&userId=6229ffaxxxxxxxxcade3e3d9',
    ].join('\n'),
  );
});

test('all headers of a signed kick, to the letter', () => {
  expect(signedHeaders(input({ tenantId: 'tenant-1' }), KEY, DIALECTS.authing).headers).toEqual({
    date: 'Wed, 21 Oct 2015 07:28:00 GMT',
    'x-authing-app-id': 'tenant-1',
    'x-authing-lang': 'en-US',
    'x-authing-sdk-version': 'authing-node-sdk:4.0.1',
    'x-authing-signature-method': 'HMAC-SHA1',
    'x-authing-signature-nonce': NONCE,
    'x-authing-signature-version': '1.0',
    authorization: expect.stringMatching(/^authing example-key-id:[\w+/]{27}=$/),
  });
});

test('the date is that of the second in which it is signed', () => {
  const dateAt = (now: number) => signedHeaders(input({ now }), KEY, DIALECTS.authing).headers['date'];
  expect([dateAt(NOW), dateAt(NOW + 999), dateAt(NOW + 1000)]).toEqual([
    'Wed, 21 Oct 2015 07:28:00 GMT',
    'Wed, 21 Oct 2015 07:28:00 GMT',
    'Wed, 21 Oct 2015 07:28:01 GMT',
  ]);
});

const { options: _options, ...WITHOUT_OPTIONS } = KICK;
test.each([
  ['a kick', input({}), DIALECTS.authing, 'authing example-key-id:j+XnXc29BT0CMq4okgnKbVyxR3o='],
  [
    'a kick without options',
    input({ params: WITHOUT_OPTIONS }),
    DIALECTS.authing,
    'authing example-key-id:i4Y8hpM5VTVf746ZHChWfvCRTfg=',
  ],
  [
    'a read',
    input({ method: 'GET', path: '/api/v3/get-user-loggedin-apps', params: { userId: KICK.userId } }),
    DIALECTS.authing,
    'authing example-key-id:UuWfeetgwphKwSWbbiiUO3fHWgg=',
  ],
  ["a kick in GenAuth's spelling", input({}), DIALECTS.genauth, 'GenAuth example-key-id:4Njb0x56kLfQhKWh9g7D4wNPnlw='],
])('%s has the signature of the worked example', (_name, signing, dialect, authorization) => {
  const { headers, signature } = signedHeaders(signing, KEY, dialect);
  expect(headers['authorization']).toBe(authorization);
  expect(authorization.endsWith(`:${signature}`)).toBe(true);
});

const text = fc.string({ unit: 'binary' });
const value = fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(null), fc.constant(undefined), fc.jsonValue());
const params = fc.dictionary(text, value, { maxKeys: 6 });
const headerName = fc.oneof(
  fc.constantFrom('date', 'x-authing-lang', 'x-authing-app-id', 'content-type', 'host', 'x-authing', 'x-request-id'),
  fc
    .string({ unit: fc.constantFrom(...'abcxyz-09'), minLength: 1, maxLength: 8 })
    .map((suffix) => `x-authing-${suffix}`),
);
const headers = fc.dictionary(headerName, text, { maxKeys: 8 });

test('string to sign and authorization equal those of the SDK for any body and any headers', () => {
  const property = fc.property(
    fc.constantFrom('GET' as const, 'POST' as const),
    fc.webPath(),
    headers,
    params,
    text,
    (method, path, signedHeaderSet, body, secret) => {
      const theirs = buildStringToSign(method, path, signedHeaderSet, body);
      const ours = stringToSign(method, path, signedHeaderSet, body, 'x-authing-');
      expect(ours).toBe(theirs);
      expect(`authing ${KEY.id}:${sign(secret, ours)}`).toBe(buildAuthorization(KEY.id, secret, theirs));
    },
  );
  fc.assert(property, { numRuns: 1000 });
});

test('a nonce is 32 hexadecimal characters and never the same', () => {
  const nonces = Array.from({ length: 1000 }, newNonce);
  expect(new Set(nonces).size).toBe(1000);
  for (const nonce of nonces) expect(nonce).toMatch(/^[0-9a-f]{32}$/);
});
