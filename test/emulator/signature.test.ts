import fc from 'fast-check';
import { buildAuthorization, buildStringToSign as sdkStringToSign } from 'authing-node-sdk/dist/utils/buildSignature';

import {
  buildStringToSign,
  computeSignature,
  parseSignatureHeader,
  verifySignature,
  type HeaderPrefix,
  type SignedRequest,
} from '../../src/emulator/signature';

const SECRET = 'example-secret';

function headersWith(prefix: HeaderPrefix, sdkVersion: string): Record<string, string> {
  return {
    date: 'Wed, 21 Oct 2015 07:28:00 GMT',
    [`${prefix}lang`]: 'en-US',
    [`${prefix}sdk-version`]: sdkVersion,
    [`${prefix}signature-method`]: 'HMAC-SHA1',
    [`${prefix}signature-nonce`]: '0123456789abcdef0123456789abcdef',
    [`${prefix}signature-version`]: '1.0',
    'content-type': 'application/json',
    host: 'api.authing.cn',
  };
}

const AUTHING = headersWith('x-authing-', 'authing-node-sdk:4.0.1');
const GENAUTH = headersWith('x-genauth-', 'gen-auth-node-sdk:1.0.0');
const KICK = { userId: '6229ffaxxxxxxxxcade3e3d9', appIds: ['62188e71cxxxx3075289c580'] };
const KICK_WITH_TYPE = { ...KICK, options: { userIdType: 'user_id' } };
const post = (headers: Record<string, string>, params: Record<string, unknown>): SignedRequest => ({
  method: 'POST',
  path: '/api/v3/kick-users',
  headers,
  params,
});

describe("the emulator's verifier", () => {
  it.each([
    ['kick-users', post(AUTHING, KICK_WITH_TYPE), 'authing', 'j+XnXc29BT0CMq4okgnKbVyxR3o='],
    ['kick-users without options', post(AUTHING, KICK), 'authing', 'i4Y8hpM5VTVf746ZHChWfvCRTfg='],
    [
      'a GET',
      { method: 'GET', path: '/api/v3/get-user-loggedin-apps', headers: AUTHING, params: { userId: KICK.userId } },
      'authing',
      'UuWfeetgwphKwSWbbiiUO3fHWgg=',
    ],
    ['the GenAuth dialect', post(GENAUTH, KICK_WITH_TYPE), 'GenAuth', '4Njb0x56kLfQhKWh9g7D4wNPnlw='],
  ])('accepts the worked example: %s', (_, request, scheme, signature) => {
    const credentials = parseSignatureHeader(`${scheme} example-key-id:${signature}`);
    expect(credentials).toMatchObject({ accessKeyId: 'example-key-id', signature });
    expect(verifySignature(request, credentials!, SECRET)).toBe(true);
    expect(verifySignature(request, credentials!, 'another-secret')).toBe(false);
  });

  it('signs exactly this text', () => {
    expect(buildStringToSign(post(AUTHING, KICK_WITH_TYPE), 'x-authing-')).toBe(
      [
        'POST',
        'date:Wed, 21 Oct 2015 07:28:00 GMT',
        'x-authing-lang:en-US',
        'x-authing-sdk-version:authing-node-sdk:4.0.1',
        'x-authing-signature-method:HMAC-SHA1',
        'x-authing-signature-nonce:0123456789abcdef0123456789abcdef',
        'x-authing-signature-version:1.0',
        '/api/v3/kick-users?appIds=["62188e71cxxxx3075289c580"]&options={"userIdType":"user_id"}&userId=6229ffaxxxxxxxxcade3e3d9',
      ].join('\n'),
    );
  });

  it("takes the C# SDK's x-authing-date in place of date", () => {
    const rest = Object.entries(AUTHING).filter(([name]) => name !== 'date' && name !== 'x-authing-lang');
    const headers = { ...Object.fromEntries(rest), 'x-authing-date': '1445412480000' };
    const text = buildStringToSign(post(headers, KICK), 'x-authing-');
    expect(text.split('\n').slice(0, 2)).toEqual(['POST', 'x-authing-date:1445412480000']);
    const signature = computeSignature(SECRET, text);
    expect(verifySignature(post(headers, KICK), { prefix: 'x-authing-', accessKeyId: 'k', signature }, SECRET)).toBe(
      true,
    );
  });

  it('agrees with the published SDK for any body', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.string({ minLength: 1 }), (sent, secret) => {
        const params: Record<string, unknown> = JSON.parse(JSON.stringify(sent));
        const expected = sdkStringToSign('POST', '/api/v3/kick-users', AUTHING, params);
        const credentials = parseSignatureHeader(buildAuthorization('key', secret, expected));
        expect(buildStringToSign(post(AUTHING, params), 'x-authing-')).toBe(expected);
        expect(verifySignature(post(AUTHING, params), credentials!, secret)).toBe(true);
      }),
    );
  });

  it.each(['Bearer abc.def.ghi', 'abc.def.ghi', 'Basic a:b', ''])('sees no signature in %j', (header) => {
    expect(parseSignatureHeader(header)).toBeNull();
  });
});
