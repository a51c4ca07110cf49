/** The variables that say whose tokens let callers in, and where the gateway may listen. */
import { parseConfig, type Environment } from '../../src/config';
import { faultsOf, ISSUER, KEY, METRICS, PRODUCTION, STORE } from '../helpers/environment';

describe('accepted', () => {
  it.each(['https://a.example', 'https://a.example/', 'https://a.example/oidc/', 'http://localhost:3000/oidc', 'http://127.0.0.1:1', 'http://[::1]:1'])(
    'keeps the issuer as it is written: AUTH_ISSUER=%s',
    (issuer) => {
      expect(parseConfig({ ...ISSUER, AUTH_ISSUER: issuer }).auth).toEqual({
        issuer,
        audience: 'gateway',
        jwksUrl: null,
      });
    },
  ); // prettier-ignore

  it('listens anywhere once there is an issuer', () => {
    expect(parseConfig({ ...ISSUER, HOST: '0.0.0.0' }).host).toBe('0.0.0.0');
    expect(parseConfig({ ...PRODUCTION, HOST: 'gateway.example.com' }).host).toBe('gateway.example.com');
  });
});

const SAFE_URL = 'must begin with https:// (http:// on loopback only)';
const ISSUER_ADDRESS = 'must be an address such as https://example.genauth.ai/oidc';
const ISSUER_TEXT = 'must be visible ASCII characters without a query, a fragment or a password';
const BOTH = 'AUTH_ISSUER and AUTH_AUDIENCE must be set both or neither';
const REQUIRED = 'AUTH_ISSUER and AUTH_AUDIENCE are required in production';
const JWKS = 'AUTH_JWKS_URL needs AUTH_ISSUER';
const LOOPBACK = 'HOST must be a loopback address while callers need no token';

describe('refused', () => {
  it.each([
    ['AUTH_ISSUER', ['issuer.example', 'https://', 'me'], ISSUER_ADDRESS],
    ['AUTH_ISSUER', ['http://issuer.example', 'http://127.0.0.1.evil.example', 'ftp://localhost'], SAFE_URL],
    ['AUTH_ISSUER', ['https://a.example?', 'https://a.example/?x=1', 'https://a.example#x', 'https://me:pw@a.example', ' https://a.example', 'https://a.example ', 'https://a.example/\t', 'https://ü.example'], ISSUER_TEXT], // prettier-ignore
    [
      'AUTH_AUDIENCE',
      [' ', '\t', '\u00a0', 'app\r', ' app', 'app\n'],
      'must not begin or end with a blank or a line break',
    ],
    ['AUTH_JWKS_URL', ['/keys', 'issuer.example/keys'], `${ISSUER_ADDRESS}/.well-known/jwks.json`],
    ['AUTH_JWKS_URL', ['http://issuer.example/keys', 'file:///keys'], SAFE_URL],
    ['AUTH_JWKS_URL', ['https://me:pw@issuer.example/keys'], 'must not contain a password'],
  ])('%s=%j has one fault', (name, values, fault) => {
    for (const value of values) {
      const faults = faultsOf({ ...ISSUER, [name]: value });
      expect({ value, faults }).toEqual({ value, faults: [`${name} ${fault}`] });
    }
  });

  it.each<[string, Environment, string[]]>([
    ['production without an issuer', { ...KEY, ...STORE, ...METRICS, NODE_ENV: 'production' }, [REQUIRED]],
    ['production with an empty issuer', { ...PRODUCTION, AUTH_ISSUER: '' }, [BOTH]],
    ['an issuer without an audience', { AUTH_ISSUER: 'https://a.example' }, [BOTH]],
    ['an audience without an issuer', { AUTH_AUDIENCE: 'a' }, [BOTH]],
    ['an address of keys without an issuer', { AUTH_JWKS_URL: 'https://a.example' }, [JWKS]],
    ['an audience for every interface', { AUTH_AUDIENCE: 'a', HOST: '0.0.0.0' }, [BOTH, LOOPBACK]],
    ['a wrong issuer for every interface', { ...ISSUER, AUTH_ISSUER: 'me', HOST: '0.0.0.0' }, [`AUTH_ISSUER ${ISSUER_ADDRESS}`]], // prettier-ignore
    [
      'every interface in production',
      { ...KEY, ...STORE, ...METRICS, NODE_ENV: 'production', HOST: '0.0.0.0' },
      [REQUIRED],
    ],
  ])('%s', (_name, environment, faults) => {
    expect(faultsOf(environment)).toEqual(faults);
  });
});
