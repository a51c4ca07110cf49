/** The environment: what it becomes, and every fault of it in one report that repeats no value. */
import * as fc from 'fast-check';
import { parseConfig, VARIABLE_NAMES, type Environment } from '../src/config';
import { faultsOf, ISSUER, KEY, METRICS, PRODUCTION, STORE } from './helpers/environment';

const DEFAULTS = {
  isProduction: false,
  host: '127.0.0.1',
  port: 4000,
  genauth: {
    host: 'https://api.genauth.ai',
    key: null,
    tenantId: null,
    lang: 'en-US',
    dialect: 'authing',
    timeoutMs: 10_000,
    breakerFailures: 20,
  },
  store: { url: null, dataDir: './data' },
  maxCallsPerSecond: 250,
  kicksPerMinute: 600,
  audit: { isRequired: true, retentionDays: null },
  persisted: { mode: 'off' },
  auth: null,
  corsOrigins: [],
  metricsPort: null,
  otlpEndpoint: null,
  workers: 1,
  shutdownGraceMs: 5000,
  logLevel: 'info',
};

describe('an accepted environment', () => {
  it('has a default for everything outside production', () => {
    expect(parseConfig({})).toMatchObject(DEFAULTS);
  });

  it('may set every variable', () => {
    const config = parseConfig({
      ...PRODUCTION,
      HOST: '::',
      PORT: '0',
      GENAUTH_HOST: 'https://genauth.example.com/',
      GENAUTH_TENANT_ID: 'tenant',
      GENAUTH_LANG: 'zh-CN',
      GENAUTH_HEADER_PREFIX: 'genauth',
      GENAUTH_TIMEOUT_MS: '1',
      GENAUTH_BREAKER_FAILURES: '0',
      AUTH_JWKS_URL: 'https://issuer.example/keys?tenant=1',
      GENAUTH_MAX_RPS: '1',
      RATE_LIMIT_PER_MINUTE: '1',
      DATA_DIR: '/data',
      AUDIT_REQUIRED: 'false',
      RETENTION_DAYS: '30',
      CORS_ORIGINS: ' https://a.example , http://localhost:3000,chrome-extension://abcdefgh,capacitor://localhost,',
      METRICS_PORT: '0',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector.example:4318',
      WORKERS: '3',
      SHUTDOWN_GRACE_MS: '0',
      LOG_LEVEL: 'silent',
    });
    expect(config).toMatchObject({
      isProduction: true,
      host: '::',
      port: 0,
      genauth: {
        host: 'https://genauth.example.com',
        key: { id: 'key-id', secret: 'key-secret' },
        tenantId: 'tenant',
        lang: 'zh-CN',
        dialect: 'genauth',
        timeoutMs: 1,
        breakerFailures: 0,
      },
      auth: {
        issuer: 'https://issuer.example/oidc',
        audience: 'gateway',
        jwksUrl: 'https://issuer.example/keys?tenant=1',
      },
      store: { url: STORE.DATABASE_URL, dataDir: '/data' },
      maxCallsPerSecond: 1,
      kicksPerMinute: 1,
      audit: { isRequired: false, retentionDays: 30 },
      corsOrigins: [
        'https://a.example',
        'http://localhost:3000',
        'chrome-extension://abcdefgh',
        'capacitor://localhost',
      ],
      metricsPort: 0,
      otlpEndpoint: 'http://collector.example:4318',
      workers: 3,
      shutdownGraceMs: 0,
      logLevel: 'silent',
    });
  });

  it('takes an empty value for one that is not set', () => {
    const empty = Object.fromEntries(VARIABLE_NAMES.map((name) => [name, '']));
    expect(parseConfig(empty)).toEqual(parseConfig({}));
  });

  it('may hold variables of others', () => {
    expect(parseConfig({ PATH: '/bin', GENAUTH_HOSTS: '?' })).toEqual(parseConfig({}));
  });

  it.each(['GENAUTH_TIMEOUT_MS', 'GENAUTH_BREAKER_FAILURES', 'WORKERS', 'SHUTDOWN_GRACE_MS'])(
    'sets no upper bound on %s',
    (name) => {
      expect(faultsOf({ [name]: `1${'0'.repeat(30)}` })).toEqual([]);
      expect(faultsOf({ [name]: '9'.repeat(400) })).toEqual([]);
    },
  );

  it.each(['x', 'a'.repeat(5000), 'ü ö', '"quoted"', 'a:b'])('takes any secret, such as %j', (secret) => {
    expect(parseConfig({ ...KEY, GENAUTH_ACCESS_KEY_SECRET: secret }).genauth.key?.secret).toBe(secret);
  });

  it.each(['http://localhost:4100', 'http://127.0.0.1:4100', 'http://127.3.2.1', 'http://[::1]:4100'])(
    'takes plain http on loopback: GENAUTH_HOST=%s',
    (host) => {
      expect(parseConfig({ GENAUTH_HOST: host }).genauth.host).toBe(host);
    },
  );

  it.each(['localhost', '127.0.0.1', '127.8.8.8', '::1'])('listens on loopback: HOST=%s', (host) => {
    expect(parseConfig({ HOST: host }).host).toBe(host);
  });
});

const WHOLE = 'must be a whole number';
const SAFE_URL = 'must begin with https:// (http:// on loopback only)';
const ORIGIN = 'must be an origin, without a path, a query or a password';
const ADDRESS = 'must be an address such as https://api.genauth.ai';
const CORS = 'must list exact origins such as https://admin.example.com; wildcards are refused';
const HEADER = 'must be visible ASCII characters without spaces';
const BOTH = 'GENAUTH_ACCESS_KEY_ID and GENAUTH_ACCESS_KEY_SECRET must be set both or neither';
const REQUIRED = 'GENAUTH_ACCESS_KEY_ID and GENAUTH_ACCESS_KEY_SECRET are required in production';
const AUTH_BOTH = 'AUTH_ISSUER and AUTH_AUDIENCE must be set both or neither';
const STORE_REQUIRED = 'DATABASE_URL is required in production';
const METRICS_REQUIRED = 'METRICS_PORT is required in production';
const SAME_PORT = 'METRICS_PORT must be another one than PORT';
const AUTH_REQUIRED = 'AUTH_ISSUER and AUTH_AUDIENCE are required in production';
const ISSUER_ADDRESS = 'must be an address such as https://example.genauth.ai/oidc';
const LOOPBACK = 'HOST must be a loopback address while callers need no token';
const ONE_DATABASE =
  'must be an address such as postgres://USER:PASSWORD@HOST/NAME: one host, and in the password %23 for #, %2F for / and %3F for ?';

describe('a refused environment', () => {
  it.each([
    ['PORT', ['-1', '1.5', '1e3', '0x10', ' 1', '４０００', 'http', 'NaN', 'Infinity'], WHOLE],
    ['PORT', ['65536', `1${'0'.repeat(30)}`], 'must be at most 65535'],
    ['METRICS_PORT', ['-1', 'on', '9464/tcp'], WHOLE],
    ['METRICS_PORT', ['65536'], 'must be at most 65535'],
    ['NODE_ENV', ['production ', ' production', 'Production', 'PRODUCTION', 'production\r', '"production"', 'prod'], 'must be exactly `production`, or not resemble it'], // prettier-ignore
    ['OTEL_EXPORTER_OTLP_ENDPOINT', ['collector', 'https://'], 'must be an address such as http://127.0.0.1:4318'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', ['grpc://collector:4317'], 'must begin with http:// or https://'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', ['http://me:pw@collector:4318'], 'must not contain a password'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', ['http://collector:4318 ', 'http://collector?key=x', 'http://collector/#x'], 'must not contain spaces, a query or a fragment'], // prettier-ignore
    ['GENAUTH_TIMEOUT_MS', ['10s', '-5', '1_000'], WHOLE],
    ['GENAUTH_TIMEOUT_MS', ['0', '000'], 'must be at least 1'],
    ['GENAUTH_BREAKER_FAILURES', ['off', '-1'], WHOLE],
    ['WORKERS', ['auto', '-1', '1.5'], WHOLE],
    ['WORKERS', ['0'], 'must be at least 1'],
    ['SHUTDOWN_GRACE_MS', ['5s', '-1'], WHOLE],
    ['GENAUTH_HOST', ['api.genauth.ai', 'https://', '::'], ADDRESS],
    ['GENAUTH_HOST', ['http://api.genauth.ai', 'http://10.0.0.1', 'http://localhost.evil.example', 'http://127.0.0.1.evil.example', 'ftp://localhost', 'ws://localhost'], SAFE_URL], // prettier-ignore
    ['GENAUTH_HOST', ['https://a.example/api', 'https://a.example?x=1', 'https://user:pw@a.example', 'https://a.example/#x'], ORIGIN], // prettier-ignore
    ['GENAUTH_LANG', ['fr-FR', 'en', 'EN-US'], 'must be en-US, zh-CN, ja-JP or zh-TW'],
    ['GENAUTH_HEADER_PREFIX', ['x-authing', 'Authing'], 'must be authing or genauth'],
    ['GENAUTH_TENANT_ID', ['a b', 'a\r\nx: y', 'ü'], HEADER],
    ['CORS_ORIGINS', ['*', 'https://*.example.com', 'https://a.example,*', 'https://a.example/', 'a.example', 'null', 'https://a.example/path', 'app://a/b', 'app://*', 'app://', 'app://a b', 'APP://a', 'about:blank', 'file:///x'], CORS], // prettier-ignore
    ['DATABASE_URL', ['db', 'mysql://db', 'postgres:db', 'https://db'], 'must begin with postgres:// or postgresql://'],
    ['DATABASE_URL', ['postgres://me:p#w@db/gateway', 'postgres://me:1#w@db/gateway', 'postgres://me:p/w@db/gateway', 'postgres://me:1/w@db/gateway', 'postgres://me:p?w@db/gateway', 'postgres://one:5432,two:5432/gateway'], ONE_DATABASE], // prettier-ignore
    ['GENAUTH_ACCESS_KEY_SECRET', [' secret', 'secret\n', 'secret\r', '\t'], 'must not begin or end with a blank or a line break'], // prettier-ignore
    ['AUDIT_REQUIRED', ['yes', 'TRUE', '1'], 'must be true or false'],
    ['LOG_LEVEL', ['verbose', 'INFO'], 'must be a pino level such as info'],
  ])('%s=%j has one fault', (name, values, fault) => {
    for (const value of values)
      expect({ value, faults: faultsOf({ ...(name === 'GENAUTH_ACCESS_KEY_SECRET' && KEY), [name]: value }) }).toEqual({
        value,
        faults: [`${name} ${fault}`],
      });
  });

  it.each<[string, Environment, string[]]>([
    ['an id without a secret', { GENAUTH_ACCESS_KEY_ID: 'id' }, [BOTH]],
    ['a secret without an id', { GENAUTH_ACCESS_KEY_SECRET: 'secret' }, [BOTH]],
    ['an id and an empty secret', { ...KEY, GENAUTH_ACCESS_KEY_SECRET: '' }, [BOTH]],
    [
      'an id with a colon',
      { ...KEY, GENAUTH_ACCESS_KEY_ID: 'a:b' },
      ['GENAUTH_ACCESS_KEY_ID must not contain a colon'],
    ],
    ['an id with a space', { ...KEY, GENAUTH_ACCESS_KEY_ID: 'a b' }, [`GENAUTH_ACCESS_KEY_ID ${HEADER}`]],
    ['production without a key', { ...ISSUER, ...STORE, ...METRICS, NODE_ENV: 'production' }, [REQUIRED]],
    [
      'production with half a key',
      { ...ISSUER, ...STORE, ...METRICS, NODE_ENV: 'production', GENAUTH_ACCESS_KEY_ID: 'id' },
      [BOTH],
    ],
    [
      'production with nothing at all',
      { NODE_ENV: 'production' },
      [REQUIRED, AUTH_REQUIRED, STORE_REQUIRED, METRICS_REQUIRED],
    ],
    ['metrics on the port of everything else', { METRICS_PORT: '4000' }, [SAME_PORT]],
    ['metrics and everything else on the same port', { PORT: '80', METRICS_PORT: '80' }, [SAME_PORT]],
    ['every interface', { HOST: '0.0.0.0' }, [LOOPBACK]],
    ['every interface of IPv6', { HOST: '::' }, [LOOPBACK]],
    ['a name that only looks like loopback', { HOST: '127.0.0.1.evil.example' }, [LOOPBACK]],
  ])('%s', (_name, environment, faults) => {
    expect(faultsOf(environment)).toEqual(faults);
  });

  it('reports all faults at once, those of single variables first', () => {
    const faults = faultsOf({
      NODE_ENV: 'production',
      HOST: '0.0.0.0',
      PORT: 'many',
      GENAUTH_HOST: 'http://api.genauth.ai/v3',
      GENAUTH_LANG: 'fr',
      GENAUTH_TIMEOUT_MS: 'soon',
      AUTH_ISSUER: 'issuer.example',
      AUTH_JWKS_URL: 'http://issuer.example',
      CORS_ORIGINS: '*',
      LOG_LEVEL: 'loud',
    });
    expect(faults).toEqual([
      `PORT ${WHOLE}`,
      `GENAUTH_HOST ${SAFE_URL}`,
      `GENAUTH_HOST ${ORIGIN}`,
      'GENAUTH_LANG must be en-US, zh-CN, ja-JP or zh-TW',
      `GENAUTH_TIMEOUT_MS ${WHOLE}`,
      `AUTH_ISSUER ${ISSUER_ADDRESS}`,
      `AUTH_JWKS_URL ${SAFE_URL}`,
      `CORS_ORIGINS ${CORS}`,
      'LOG_LEVEL must be a pino level such as info',
      AUTH_BOTH,
      REQUIRED,
      STORE_REQUIRED,
      METRICS_REQUIRED,
    ]);
  });
});

describe('no fault repeats a value', () => {
  /** What the reports say whatever the values are: with three values that have nothing in common. */
  const fixedText = ['\u0001', '~~', '\u00e9\u00e9'].flatMap((value) =>
    VARIABLE_NAMES.flatMap((name) => [
      ...faultsOf({ [name]: value }),
      ...faultsOf({ NODE_ENV: 'production', HOST: '0.0.0.0', PORT: '65536', GENAUTH_TIMEOUT_MS: '0', [name]: value }),
    ]),
  );
  const garbage = fc
    .oneof(
      fc.string({ unit: 'grapheme' }),
      fc.string({ unit: 'binary' }),
      fc.webUrl({ withQueryParameters: true, withFragments: true }),
      fc.webUrl().map((url) => `ftp://someone:password@${url.slice(8)}`),
      fc.stringMatching(/^-?\d{4,40}(\.\d{1,9})?$/),
      fc.stringMatching(/^[a-z]{4,20}:[a-z]{4,20}$/),
    )
    .filter((value) => value.length > 3 && !fixedText.some((line) => line.includes(value)));

  it.each(VARIABLE_NAMES)('%s', (name) => {
    fc.assert(
      fc.property(garbage, (value) => {
        expect(faultsOf({ [name]: value }).join('\n')).not.toContain(value);
      }),
      { numRuns: 150 },
    );
  });

  it('nor when all are wrong together', () => {
    const environments = fc.record(Object.fromEntries(VARIABLE_NAMES.map((name) => [name, garbage])));
    fc.assert(
      fc.property(environments, (environment) => {
        const report = faultsOf(environment).join('\n');
        for (const value of Object.values(environment)) expect(report).not.toContain(value);
      }),
      { numRuns: 300 },
    );
  });
});
