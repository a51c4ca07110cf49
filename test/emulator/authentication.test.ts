import { request } from 'undici';
import { startEmulator, type Emulator } from '../../src/emulator/emulator';
import { sendRaw, sendSigned, signHeaders, type SignedCall } from './signed-call';

const MINUTE = 60_000;

describe('authentication', () => {
  let emulator: Emulator;
  let kick: SignedCall;

  beforeAll(async () => {
    emulator = await startEmulator();
    kick = { body: { userId: emulator.directory.demoUser.userId, appIds: [emulator.directory.demoApp.appId] } };
  });
  afterAll(() => emulator.stop());

  it.each(['x-authing-', 'x-genauth-'] as const)('takes signatures with %s headers', async (prefix) => {
    expect((await sendSigned(emulator, { ...kick, prefix })).envelope).toMatchObject({ statusCode: 200 });
    expect(emulator.received.at(-1)).toMatchObject({ signatureValid: true, path: '/api/v3/kick-users' });
  });

  it.each(['POST', 'GET'] as const)('takes Chinese text, & and = in a %s', async (method) => {
    const params = { userId: '张三&a=b +c%', userIdType: 'username' };
    const carrier =
      method === 'GET' ? { path: '/api/v3/get-user', query: params } : { body: { ...kick.body, ...params } };
    expect((await sendSigned(emulator, { method, ...carrier })).envelope).toMatchObject({ apiCode: 2004 });
  });

  it.each<[string, number, Partial<SignedCall>]>([
    ['a wrong secret', 1300, { accessKeySecret: 'wrong' }],
    ['an unknown key', 1300, { accessKeyId: 'ffffffffffffffffffffffff' }],
    ['no nonce', 1300, { change: { 'signature-nonce': null } }],
    ['another method', 1301, { change: { 'signature-method': 'HMAC-SHA256' } }],
    ['another version', 1302, { change: { 'signature-version': '2.0' } }],
    ['a date that is none', 1303, { change: { date: 'yesterday' } }],
    ['no date', 1304, { change: { date: null } }],
    ['a date too old', 1305, { change: { date: new Date(Date.now() - 6 * MINUTE).toUTCString() } }],
    ['a date too young', 1305, { change: { date: String(Date.now() + 6 * MINUTE) } }],
  ])('refuses %s with %i', async (_, apiCode, call) => {
    const { status, envelope } = await sendSigned(emulator, { ...kick, ...call });
    expect({ status, ...envelope }).toEqual({
      status: 200,
      statusCode: 401,
      apiCode,
      message: expect.any(String),
      requestId: expect.any(String),
    });
  });

  it.each<[string, Record<string, string | null>]>([
    ['GMT text within the window', { date: new Date(Date.now() - 4 * MINUTE).toUTCString() }],
    ['Unix milliseconds', { date: String(Date.now()) }],
    ["the C# SDK's x-authing-date", { date: null, lang: null, 'x-authing-date': String(Date.now()) }],
  ])('takes %s', async (_, change) => {
    expect((await sendSigned(emulator, { ...kick, change })).envelope).toMatchObject({ statusCode: 200 });
  });

  it('refuses the same request sent twice with 1306', async () => {
    const headers = signHeaders(emulator, kick);
    expect((await sendRaw(emulator, headers, kick)).envelope).toMatchObject({ statusCode: 200 });
    expect((await sendRaw(emulator, headers, kick)).envelope).toMatchObject({ statusCode: 401, apiCode: 1306 });
  });

  it('refuses a body changed after signing', async () => {
    const headers = signHeaders(emulator, kick);
    const { envelope } = await sendRaw(emulator, headers, { body: { ...kick.body, userId: 'someone-else' } });
    expect(envelope).toMatchObject({ apiCode: 1300 });
    expect(emulator.received.at(-1)).toMatchObject({ signatureValid: false });
  });

  it("refuses one dialect's headers under the other's scheme word", async () => {
    const headers = signHeaders(emulator, { ...kick, prefix: 'x-genauth-' });
    const authorization = (headers['authorization'] ?? '').replace('GenAuth', 'authing');
    expect((await sendRaw(emulator, { ...headers, authorization }, kick)).envelope).toMatchObject({ statusCode: 401 });
  });

  it('refuses a call without credentials with 2020', async () => {
    const { status, envelope } = await sendRaw(emulator, {}, kick);
    expect({ status, ...envelope }).toMatchObject({ status: 200, statusCode: 401, apiCode: 2020 });
  });

  it.each(['constructor a:b', '__proto__ a:b', 'basic a:b'])('takes "%s" for no signature', async (authorization) => {
    expect((await sendRaw(emulator, { authorization }, kick)).envelope).toMatchObject({ apiCode: 2020 });
  });

  it('answers a body that is nested without end as one that is no JSON', async () => {
    const headers = signHeaders(emulator, { body: {} });
    const send = async (body: string) => {
      const answer = await request(`${emulator.url}/api/v3/kick-users`, { method: 'POST', headers, body });
      return answer.body.json();
    };
    const levels = 50_000;
    const answer = await send(`{"userId":${'['.repeat(levels)}${']'.repeat(levels)}}`);
    expect(answer).toMatchObject({ statusCode: 400, requestId: expect.any(String) });
    expect(emulator.received.at(-1)).toMatchObject({ signatureValid: true, body: undefined });
  });

  it('puts another statusCode beside the apiCode when told so', async () => {
    const other = await startEmulator({ signatureStatusCode: 403 });
    const { envelope } = await sendSigned(other, { ...kick, accessKeySecret: 'wrong' });
    await other.stop();
    expect(envelope).toMatchObject({ statusCode: 403, apiCode: 1300 });
  });
});

describe('management tokens', () => {
  let emulator: Emulator;
  let nowMs = Date.now();

  beforeAll(async () => {
    emulator = await startEmulator({ now: () => nowMs });
  });
  afterAll(() => emulator.stop());

  async function fetchToken(keys: object = {}) {
    const { accessKeyId, accessKeySecret } = emulator;
    const body = { accessKeyId, accessKeySecret, ...keys };
    const { envelope } = await sendRaw(emulator, {}, { path: '/api/v3/get-management-token', body });
    return { ...envelope, token: String(envelope.data?.['access_token']) };
  }

  function callWith(authorization: string, poolHeader = 'x-authing-userpool-id', poolId = emulator.accessKeyId) {
    const query = { userId: emulator.directory.demoUser.userId };
    const call: SignedCall = { method: 'GET', path: '/api/v3/get-user', query };
    return sendRaw(emulator, { authorization, [poolHeader]: poolId }, call);
  }

  it('names the user pool in a JWT that lives 7200 seconds', async () => {
    const { token, data } = await fetchToken();
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    expect(data).toMatchObject({ expires_in: 7200 });
    expect(claims).toMatchObject({ scoped_userpool_id: emulator.accessKeyId, exp: claims.iat + 7200 });
  });

  it.each([
    ['', 'x-authing-userpool-id'],
    ['Bearer ', 'x-authing-userpool-id'],
    ['Bearer ', 'x-genauth-userpool-id'],
  ])('are taken as "%s<token>" with %s, until they run out', async (scheme, poolHeader) => {
    const { token } = await fetchToken();
    const authorization = `${scheme}${token}`;
    expect((await callWith(authorization, poolHeader)).envelope).toMatchObject({ statusCode: 200 });
    nowMs += 7201 * 1000;
    expect((await callWith(authorization, poolHeader)).envelope).toMatchObject({ statusCode: 401, apiCode: 2020 });
  });

  it('are refused when forged, or sent for another pool', async () => {
    const { token } = await fetchToken();
    expect((await callWith(`${token}x`)).envelope).toMatchObject({ apiCode: 2020 });
    expect((await callWith(token, 'x-authing-userpool-id', 'other')).envelope).toMatchObject({
      apiCode: 2224,
    });
  });

  it('are not given for wrong keys', async () => {
    expect(await fetchToken({ accessKeySecret: 'wrong' })).toMatchObject({ statusCode: 401, apiCode: 1300 });
    expect(await fetchToken({ accessKeyId: '' })).toMatchObject({ statusCode: 400 });
  });
});
