/** `GET /`: Apollo Sandbox, opened on an operation that only has to be run. */
import { createContext, runInContext } from 'node:vm';
import { stripIgnoredCharacters } from 'graphql';
import { SAMPLE_TARGET } from '../../src/demo';
import { execute, operation } from '../helpers/execute';
import { startTestIssuer } from '../helpers/issuer';
import { type TestIssuer } from '../helpers/test-issuer';
import { startTestApp, type TestApp } from '../helpers/start-app';

/** Runs the page's own script, with a Sandbox that tells what it was opened on. */
async function openSandbox(app: { url: string }) {
  const response = await fetch(app.url);
  const html = await response.text();
  const script = [...html.matchAll(/<script nonce="[^"]+">([^]*?)<\/script>/g)].at(-1)?.[1] ?? '';
  const opened: string[] = [];
  class EmbeddedSandbox {
    constructor(options: unknown) {
      opened.push(JSON.stringify(options));
    }
  }
  runInContext(script, createContext({ URL, window: { EmbeddedSandbox, location: { href: `${app.url}/` } } }));
  expect(opened).toHaveLength(1);
  return { response, html, options: JSON.parse(opened[0] ?? '') };
}

/** Without a key of GenAuth's, it runs on its own emulator. */
const EMULATED = { GENAUTH_HOST: '', GENAUTH_ACCESS_KEY_ID: '', GENAUTH_ACCESS_KEY_SECRET: '' };

let app: TestApp;
let issuer: TestIssuer;
beforeAll(async () => {
  app = await startTestApp(EMULATED);
  issuer = await startTestIssuer('ES256');
});

it('opens on the kick of schema/operations, with a demo user, headers and the endpoint filled in', async () => {
  const { options, response } = await openSandbox(app);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(options).toEqual({
    target: '#sandbox',
    initialEndpoint: `${app.url}/graphql`,
    runTelemetry: false,
    initialState: {
      document: expect.any(String),
      variables: {
        input: {
          userId: expect.any(String),
          appIds: [expect.any(String)],
          options: { userIdType: 'USER_ID' },
          reason: 'SUSPICIOUS_ACTIVITY',
          ticket: 'DEMO-1',
        },
      },
      headers: { 'x-request-id': 'sandbox' },
      includeCookies: false,
    },
  });
  const { document } = options.initialState;
  expect(stripIgnoredCharacters(document)).toBe(stripIgnoredCharacters(operation('kick-users')));
});

it('opens on an operation that succeeds when it is run', async () => {
  const { document, variables, headers } = (await openSandbox(app)).options.initialState;
  const { data } = await execute(app, document, variables, { headers });
  expect(data.kickUsers).toMatchObject({ __typename: 'KickUsersSuccess', success: true });
});

it('asks for a token where one is needed, and opens on an operation that succeeds with it', async () => {
  const guarded = await startTestApp({ ...EMULATED, ...issuer.environment });
  const { document, variables, headers } = (await openSandbox(guarded)).options.initialState;
  expect(headers).toEqual({ 'x-request-id': 'sandbox', authorization: 'Bearer <put a token here>' });
  const authorization = headers.authorization.replace('<put a token here>', await issuer.issue());
  const { data } = await execute(guarded, document, variables, { headers: { ...headers, authorization } });
  expect(data.kickUsers).toMatchObject({ __typename: 'KickUsersSuccess', success: true });
});

it("opens on GenAuth's documented sample ids when it runs against GenAuth", async () => {
  const { options } = await openSandbox(await startTestApp());
  const { userId, appId } = SAMPLE_TARGET;
  expect(options.initialState.variables.input).toMatchObject({ userId, appIds: [appId] });
});

it('shows the curl line of the banner, for those without a network', async () => {
  const { html } = await openSandbox(app);
  const [, shown = ''] = /<pre>([^<]*)<\/pre>/.exec(html) ?? [];
  expect(shown.replace(/&#(\d+);/g, (_entity, code: string) => String.fromCharCode(Number(code)))).toBe(app.curl);
});

it('lets only its own scripts run, by a nonce that no page has had before', async () => {
  const pages = await Promise.all([openSandbox(app), openSandbox(app)]);
  const nonces = pages.map(({ response, html }) => {
    const policy = response.headers.get('content-security-policy') ?? '';
    const nonce = /script-src 'nonce-([^']+)'/.exec(policy)?.[1] ?? '';
    expect(policy.split('; ')).toEqual([
      "default-src 'none'",
      `script-src 'nonce-${nonce}' https://embeddable-sandbox.cdn.apollographql.com`,
      `style-src 'nonce-${nonce}' https://embeddable-sandbox.cdn.apollographql.com`,
      'frame-src https://sandbox.embed.apollographql.com',
      "connect-src 'self' https://*.apollographql.com",
      "base-uri 'none'",
      "frame-ancestors 'none'",
    ]);
    expect(new Set([...html.matchAll(/nonce="([^"]*)"/g)].map(([, used]) => used))).toEqual(new Set([nonce]));
    return nonce;
  });
  expect(nonces[0]).toMatch(/^[A-Za-z0-9+/]{22}==$/);
  expect(nonces[1]).not.toBe(nonces[0]);
});

it('is not there in production', async () => {
  const production = await startTestApp({ NODE_ENV: 'production', METRICS_PORT: '0', ...issuer.environment });
  const response = await fetch(production.url);
  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'NOT_FOUND' } }] });
});
