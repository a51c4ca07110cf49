/** One kick, from the front door to the wire and back; and what becomes of it when its caller hangs up. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { USER_ID_TYPES } from '../../src/emulator/user-id-type';
import { eventually } from '../helpers/eventually';
import { execute, kick, operation } from '../helpers/execute';
import { atEnd } from '../helpers/at-end';
import { kickToBeDropped } from '../helpers/hang-up';
import { startTestApp, type TestApp } from '../helpers/start-app';
import { startTestClient } from '../helpers/start-client';
import { success } from './payloads';

const KICK_USERS = '/api/v3/kick-users';

let app: TestApp;
const targetOf = ({ genauth: { directory } }: TestApp) => ({
  userId: directory.demoUser.userId,
  appIds: [directory.demoApp.appId],
});
const isOnline = ({ genauth: { directory } }: TestApp) =>
  directory.isOnline(directory.demoUser.userId, directory.demoApp.appId);
const signIn = ({ genauth: { directory } }: TestApp) =>
  directory.signIn(directory.demoUser.userId, directory.demoApp.appId);
const lastCall = ({ genauth }: TestApp) => genauth.received.at(-1)!;
const logged = ({ logs }: TestApp, message: string) => logs.filter(({ msg }) => msg === message);

beforeAll(async () => {
  app = await startTestApp();
});
beforeEach(() => {
  app.genauth.faults.clear();
  app.genauth.clearReceived();
  signIn(app);
});

describe('a kick', () => {
  it('answers the success, the session ended in the named apps and no others', async () => {
    const { directory } = app.genauth;
    const [first, second, third] = directory.apps.map(({ appId }) => appId) as [string, string, string];
    const userId = directory.demoUser.userId;
    const { status, data, errors } = await execute(app, operation('kick-users'), {
      input: { userId, appIds: [first, third] },
    });
    expect({ status, data, errors }).toEqual({ status: 200, data: { kickUsers: success() } });
    expect([first, second, third].map((appId) => directory.isOnline(userId, appId))).toEqual([false, true, false]);
    directory.signIn(userId, third);
  });

  it.each(USER_ID_TYPES)('finds the user by %s, spelt on the wire as GenAuth does', async (userIdType) => {
    const { directory } = app.genauth;
    const user = directory.users[3]!;
    const { appId } = directory.apps[1]!;
    directory.signIn(user.userId, appId);
    const userId = user.ids[userIdType];
    const payload = await kick(app, { userId, appIds: [appId], options: { userIdType: userIdType.toUpperCase() } });
    expect(payload).toEqual(success());
    expect(directory.isOnline(user.userId, appId)).toBe(false);
    expect(lastCall(app).rawBody).toBe(JSON.stringify({ userId, appIds: [appId], options: { userIdType } }));
  });

  it('keeps reason and ticket to itself', async () => {
    const target = targetOf(app);
    expect(await kick(app, { ...target, reason: 'OFFBOARDING', ticket: 'INC-4711' })).toEqual(success());
    expect(lastCall(app).body).toEqual({ ...target, options: { userIdType: 'user_id' } });
    expect(JSON.stringify(lastCall(app))).not.toMatch(/OFFBOARDING|INC-4711/);
    expect(logged(app, 'kick succeeded').at(-1)).toMatchObject({ reason: 'OFFBOARDING', ticket: 'INC-4711' });
  });

  it('is one POST, signed as the SDK signs', async () => {
    await kick(app, targetOf(app), { headers: { 'x-request-id': 'incident-7' } });
    const { method, path, headers, signatureValid } = lastCall(app);
    expect({ method, path, signatureValid }).toEqual({ method: 'POST', path: KICK_USERS, signatureValid: true });
    const { host, 'content-length': length, connection, ...rest } = headers;
    expect([host, connection]).toEqual([new URL(app.genauth.url).host, 'keep-alive']);
    expect(Number(length)).toBe(lastCall(app).rawBody.length);
    expect(rest).toEqual({
      'accept-encoding': 'identity',
      authorization: expect.stringMatching(new RegExp(`^authing ${app.genauth.accessKeyId}:[\\w+/]{27}=$`)),
      date: expect.stringMatching(/^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/),
      'x-authing-signature-nonce': expect.stringMatching(/^[0-9a-f]{32}$/),
      'x-authing-signature-method': 'HMAC-SHA1',
      'x-authing-signature-version': '1.0',
      'x-authing-sdk-version': 'authing-node-sdk:4.0.1',
      'x-authing-lang': 'en-US',
      accept: 'application/json',
      'content-type': 'application/json',
      'user-agent': expect.stringMatching(/^genauth-kick-gateway\/\d/),
      'x-request-id': 'incident-7',
    });
  });

  it('carries tenant and language when they are set, in the dialect that is set', async () => {
    const environment = { GENAUTH_TENANT_ID: 'tenant-1', GENAUTH_LANG: 'zh-CN' };
    const authing = await startTestApp(environment);
    expect(await kick(authing, targetOf(authing))).toEqual(success({ message: '操作成功' }));
    expect(lastCall(authing).headers).toMatchObject({ 'x-authing-app-id': 'tenant-1', 'x-authing-lang': 'zh-CN' });

    const genauth = await startTestApp({ ...environment, GENAUTH_HEADER_PREFIX: 'genauth' });
    expect(await kick(genauth, targetOf(genauth))).toEqual(success({ message: '操作成功' }));
    const { headers } = lastCall(genauth);
    expect(Object.fromEntries(Object.entries(headers).filter(([name]) => /^x-(?!request)/.test(name)))).toEqual({
      'x-genauth-signature-nonce': expect.stringMatching(/^[0-9a-f]{32}$/),
      'x-genauth-signature-method': 'HMAC-SHA1',
      'x-genauth-signature-version': '1.0',
      'x-genauth-sdk-version': 'gen-auth-node-sdk:1.0.0',
      'x-genauth-lang': 'zh-CN',
      'x-genauth-app-id': 'tenant-1',
    });
    expect(headers['authorization']).toMatch(/^GenAuth /);
  });
});

describe('a caller who hangs up', () => {
  /** Sends a kick and hangs up as soon as GenAuth has it. */
  async function hangUpOnceSent(at: TestApp) {
    const before = at.genauth.receivedCount();
    const goAway = kickToBeDropped(at, targetOf(at));
    await eventually(() => at.genauth.receivedCount() > before);
    goAway();
    // The gateway reads what its sockets bring in the order it came: once this is answered, it knows of the hang-up.
    await fetch(`${at.url}/healthz`);
  }

  it('does not call back a kick that was sent', async () => {
    app.genauth.faults.next({ kind: 'delay', ms: 400 });
    const before = logged(app, 'kick succeeded').length;
    await hangUpOnceSent(app);
    await eventually(() => logged(app, 'kick succeeded').length > before);
    expect(isOnline(app)).toBe(false);
    expect(logged(app, 'kick failed')).toEqual([]);
  });

  it('stops further attempts', async () => {
    const abandoned = await startTestApp();
    abandoned.genauth.faults.always({ kind: 'never' });
    await hangUpOnceSent(abandoned);
    await abandoned.genauth.stop();
    await eventually(() => logged(abandoned, 'kick failed').length > 0);
    expect(logged(abandoned, 'kick failed')).toMatchObject([
      { code: 'UPSTREAM_UNAVAILABLE', mayHaveTakenEffect: true },
    ]);
    expect(logged(abandoned, 'genauth attempt')).toMatchObject([{ attempt: 1, httpStatus: null }]);
  });

  describe('seen from the client of GenAuth', () => {
    const command = { userId: 'u', userIdType: 'user_id', appIds: ['a'] } as const;

    it('before anything was sent: nothing is', async () => {
      const { genauth, client } = await startTestClient();
      const kicked = client.kickUser(command, { requestId: 'r', hangUp: AbortSignal.abort() });
      await expect(kicked).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', mayHaveTakenEffect: false });
      expect(genauth.receivedCount()).toBe(0);
    });

    it('during the wait for another attempt: there is none', async () => {
      const hangUp = new AbortController();
      const { genauth, client } = await startTestClient({ onAttempt: () => void setImmediate(() => hangUp.abort()) });
      genauth.faults.always({ kind: 'reset' });
      const kicked = client.kickUser(command, { requestId: 'r', hangUp: hangUp.signal });
      await expect(kicked).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', mayHaveTakenEffect: true });
      expect(genauth.receivedCount()).toBe(1);
    });
  });
});

describe('two gateways in one process', () => {
  it('know nothing of each other', async () => {
    const [broken, whole] = [await startTestApp({ GENAUTH_BREAKER_FAILURES: '1' }), await startTestApp()];
    broken.genauth.faults.always({ kind: 'status', status: 503, headers: { 'retry-after': '9' } });
    const input = targetOf(whole);
    const [failed, kicked] = await Promise.all([kick(broken, input), kick(whole, input)]);
    expect(failed).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', retryAfterSeconds: 9 });
    expect(kicked).toEqual(success());
    expect([isOnline(broken), isOnline(whole)]).toEqual([true, false]);
    expect([broken.genauth.receivedCount(), whole.genauth.receivedCount()]).toEqual([1, 1]);
    await broken.stop();
    expect(await kick(whole, input)).toEqual(success());
  });
});

describe('connections to GenAuth', () => {
  it('are used again, one for each kick that is under way', async () => {
    const proxy = await startCountingProxy(app.genauth.url);
    const { accessKeyId, accessKeySecret } = app.genauth;
    const proxied = await startTestApp({
      GENAUTH_HOST: proxy.url,
      GENAUTH_ACCESS_KEY_ID: accessKeyId,
      GENAUTH_ACCESS_KEY_SECRET: accessKeySecret,
    });
    const input = targetOf(app);
    for (let round = 0; round < 8; round++) expect(await kick(proxied, input)).toEqual(success());
    expect(proxy.connections()).toBe(1);
    for (let round = 0; round < 8; round++) {
      const payloads = await Promise.all(Array.from({ length: 5 }, () => kick(proxied, input)));
      expect(payloads).toEqual(Array.from({ length: 5 }, () => success()));
    }
    expect(proxy.connections()).toBeLessThanOrEqual(5);
    expect(app.genauth.receivedCount(KICK_USERS)).toBe(48);
  });
});

/** Passes bytes on to an emulator, and counts the connections. */
async function startCountingProxy(target: string) {
  let connections = 0;
  const server = createServer((client) => {
    connections++;
    const upstream = connect(Number(new URL(target).port), '127.0.0.1');
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      from.pipe(to);
      from.on('error', () => to.destroy());
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  atEnd(async () => void server.close());
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, connections: () => connections };
}
