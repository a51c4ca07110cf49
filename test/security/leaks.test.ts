/** Canaries through every place of a request: none turns up in an answer, in the log, or in the metrics. */
import { LEAK_PATHS, toName } from './leak-paths';
import { GenAuthClient } from '../../src/genauth/client';
import type { EchoSource } from '../../src/emulator/fault';
import { execute, kick } from '../helpers/execute';
import { eventually } from '../helpers/eventually';
import { startProduction, withToken } from '../helpers/production';
import { startTestApp, type TestApp } from '../helpers/start-app';

const CANARIES: Record<string, string> = {
  'a secret': 'c4f0a1b2c3d4e5f60718293a4b5c6d7e',
  'a token': 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJlLWNhbmFyeQ',
  'an e-mail': 'canary.person@leak.example',
  'a phone': '+4915112345678',
};

/** All the forms of a canary in which it would still give itself away. */
const formsOf = (canary: string): string[] => [canary, toName(canary), encodeURIComponent(canary), btoa(canary).replace(/=+$/, '')]; // prettier-ignore

/** Where the gateway can let something slip beside its answers; a source that isn't there yet holds nothing. */
const SOURCES: Record<string, (app: TestApp) => string | Promise<string>> = {
  'the log': ({ logs }) => logs.map((record) => JSON.stringify(record)).join('\n'),
  'the metrics': async ({ metricsUrl }) => (await fetch(metricsUrl ?? '')).text(),
  'the readiness': async ({ url }) => (await fetch(`${url}/readyz`)).text(),
};

/** What of the forbidden texts is in a text, with some of what is round it. */
const findLeaks = (where: string, text: string, forbidden: readonly string[]): string[] =>
  forbidden.flatMap((form) => {
    const at = text.toLowerCase().indexOf(form.toLowerCase());
    return at === -1 ? [] : [`${where}: ${text.slice(Math.max(0, at - 120), at + form.length + 40)}`];
  });

async function expectNoLeaks(app: TestApp, answers: string[], forbidden: readonly string[]) {
  const leaks = answers.flatMap((text) => findLeaks('an answer', text, forbidden));
  for (const [where, read] of Object.entries(SOURCES)) leaks.push(...findLeaks(where, await read(app), forbidden));
  expect(leaks).toEqual([]);
}

describe.each<[string, () => Promise<TestApp>]>([
  ['outside production', () => startTestApp()],
  ['in production', () => startProduction()],
])('%s', (_mode, start) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await start();
  });

  describe.each(Object.entries(CANARIES))('%s in', (_kind, canary) => {
    test.each(Object.entries(LEAK_PATHS))('%s', async (_name, path) => {
      app.logs.length = 0;
      const { address = '/graphql', init } = path(canary);
      const response = await fetch(app.url + address, withToken(app, init));
      const headers = JSON.stringify([...response.headers].filter(([name]) => name !== 'access-control-allow-origin'));
      const text = await response.text();
      await expectNoLeaks(app, [headers, text], formsOf(canary));
      expect(text).not.toMatch(/stack|node_modules|\.ts:\d|at \w+ \(/i);
    });
  });

  it('an alias comes back as the name of its field, which is GraphQL, and is not logged', async () => {
    app.logs.length = 0;
    const alias = toName(CANARIES['a secret'] ?? '');
    jest.spyOn(GenAuthClient.prototype, 'kickUser').mockRejectedValueOnce(new Error('a bug'));
    const query = `mutation { ${alias}: kickUsers(input: { userId: "u", appIds: ["a"] }) { __typename } }`;
    const { text } = await execute(app, query);
    expect(text).not.toContain('a bug');
    expect(app.logs).toContainEqual(expect.objectContaining({ msg: 'unexpected error', path: ['…'] }));
    await expectNoLeaks(app, [], [alias]);
  });

  it('names of any length make short errors and short lines', async () => {
    app.logs.length = 0;
    const long = 'a'.repeat(10_000);
    for (const query of [
      `{ ${long} }`,
      `query ${long} { ${long} }`,
      `query ($${long}: ${long}) { __typename @${long} }`,
    ]) {
      const { text, status } = await execute(app, query);
      expect([status, text.length < 2000]).toEqual([400, true]);
    }
    expect(Math.max(...app.logs.map((record) => JSON.stringify(record).length))).toBeLessThan(1000);
  });

  describe('GenAuth echoes', () => {
    const target = () => ({
      userId: app.genauth.directory.demoUser.userId,
      appIds: [app.genauth.directory.demoApp.appId],
    });
    const secrets = () => {
      const { accessKeyId, accessKeySecret, received } = app.genauth;
      const authorizations = received.map(({ headers }) => String(headers['authorization']));
      const signatures = authorizations.map((text) => text.slice(text.indexOf(':') + 1));
      return [accessKeyId, accessKeySecret, ...authorizations, ...signatures];
    };
    const ECHOED: EchoSource[] = ['authorization', 'signature', 'access-key-id', 'access-key-secret'];

    it.each(ECHOED.flatMap((what) => [200, 400, 401, 500].map((statusCode) => [what, statusCode] as const)))(
      'our %s with statusCode %i',
      async (what, statusCode) => {
        app.logs.length = 0;
        app.genauth.clearReceived();
        app.genauth.faults.always({ kind: 'echo', what, statusCode });
        const payload = await kick(app, target());
        app.genauth.faults.clear();
        expect(payload.__typename).toBe('KickUsersError');
        await eventually(() => app.logs.some(({ msg }) => msg === 'operation'));
        await expectNoLeaks(app, [JSON.stringify(payload)], secrets());
      },
    );

    it('a clean message, which is passed on and not logged', async () => {
      app.logs.length = 0;
      app.genauth.faults.next({ kind: 'echo', text: 'canary.person@leak.example' });
      expect((await kick(app, target())).message).toBe('refused: canary.person@leak.example');
      await expectNoLeaks(app, [], ['canary.person@leak.example']);
    });
  });
});
