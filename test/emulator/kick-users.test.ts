import { startEmulator, type Emulator } from '../../src/emulator/emulator';
import type { EmulatorOptions } from '../../src/emulator/options';
import { USER_ID_TYPES } from '../../src/emulator/user-id-type';
import { sendSigned } from './signed-call';

describe('kick-users', () => {
  let emulator: Emulator;
  let userId: string;
  let appIds: string[];

  async function start(options: Partial<EmulatorOptions> = {}) {
    await emulator?.stop();
    emulator = await startEmulator(options);
    userId = emulator.directory.demoUser.userId;
    appIds = emulator.directory.apps.map((app) => app.appId);
  }
  beforeEach(() => start());
  afterAll(() => emulator.stop());

  const kick = async (body: Record<string, unknown>) => (await sendSigned(emulator, { body })).envelope;
  const isOnline = (appId = appIds[0]) => emulator.directory.isOnline(userId, appId ?? '');
  const checkSession = async (body: Record<string, unknown>) =>
    (await sendSigned(emulator, { path: '/api/v3/check-session-status', body })).envelope;

  it('ends the sessions in the named apps and no others', async () => {
    expect(await kick({ userId, appIds: appIds.slice(0, 2) })).toEqual({
      statusCode: 200,
      message: 'Success',
      requestId: expect.any(String),
      data: { success: true },
    });
    expect(appIds.map(isOnline)).toEqual([false, false, true, true, true]);
  });

  it.each(USER_ID_TYPES)('finds every seeded user by %s', async (userIdType) => {
    const { users } = emulator.directory;
    expect(new Set(users.map((user) => user.ids[userIdType])).size).toBe(40);
    const last = users.at(-1)!;
    emulator.directory.signIn(last.userId, appIds[0]!);
    expect(await kick({ userId: last.ids[userIdType], appIds, options: { userIdType } })).toMatchObject({
      statusCode: 200,
    });
    expect(emulator.directory.isOnline(last.userId, appIds[0]!)).toBe(false);
  });

  it('finds a phone with its country code too, unless told not to', async () => {
    const { ids, phoneCountryCode } = emulator.directory.demoUser;
    const body = { userId: `${phoneCountryCode}${ids.phone}`, appIds, options: { userIdType: 'phone' } };
    expect(await kick(body)).toMatchObject({ statusCode: 200 });
    await start({ phoneWithCountryCode: false });
    expect(await kick(body)).toMatchObject({ apiCode: 2004 });
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['no body', {}, 'userId'],
    ['an empty userId', { userId: '' }, 'userId'],
    ['a userId that is no text', { userId: 7 }, 'userId'],
    ['a malformed e-mail', { userId: 'alice', options: { userIdType: 'email' } }, 'userId'],
    ['a malformed phone', { userId: '188xxxx8888', options: { userIdType: 'phone' } }, 'userId'],
    ['an unknown userIdType', { userId: 'alice', options: { userIdType: 'nickname' } }, 'userIdType'],
    ['no appIds', { userId: 'alice', appIds: undefined }, 'appIds'],
    ['a blank app', { userId: 'alice', appIds: [' '] }, 'appIds'],
    ['appIds that are no list', { userId: 'alice', appIds: 'demo' }, 'appIds'],
  ])('refuses %s, before it looks for users and apps', async (_, change, field) => {
    const body = { ...(Object.keys(change).length > 0 && { appIds: ['unknown'] }), ...change };
    const expected = { statusCode: 400, message: `Parameter ${field} is malformed`, requestId: expect.any(String) };
    expect(await kick(JSON.parse(JSON.stringify(body)))).toEqual(expected);
  });

  it('speaks the other family of texts, English whatever the language', async () => {
    await start({ validationMessages: 'class-validator' });
    const { envelope } = await sendSigned(emulator, { body: { userId, appIds: Array(51).fill('a') }, lang: 'zh-CN' });
    expect(envelope).toMatchObject({ statusCode: 400, message: 'appIds must contain no more than 50 elements' });
    const list = { method: 'GET', path: '/api/v3/list-application-simple-info', query: { limit: '51' } } as const;
    const { message } = (await sendSigned(emulator, list)).envelope;
    expect(message).toBe('limit must not be greater than 50');
  });

  it('refuses an unknown app as a whole, or skips it', async () => {
    const body = { userId, appIds: [appIds[0], 'unknown'] };
    expect(await kick(body)).toMatchObject({ statusCode: 404, apiCode: 2011 });
    expect(isOnline()).toBe(true);
    await start({ unknownApp: 'skip' });
    expect(await kick(body)).toMatchObject({ statusCode: 200 });
    expect(isOnline()).toBe(false);
  });

  it('reports the user first, or the app', async () => {
    const body = { userId: 'nobody', appIds: ['unknown'] };
    expect(await kick(body)).toMatchObject({ apiCode: 2004 });
    await start({ lookupOrder: 'app-first', appNotFoundStatusCode: 499 });
    expect(await kick(body)).toMatchObject({ statusCode: 499, apiCode: 2011 });
  });

  it('succeeds for a user who is offline, or says success: false', async () => {
    const body = { userId, appIds };
    expect([await kick(body), await kick(body)]).toMatchObject([
      { data: { success: true } },
      { data: { success: true } },
    ]);
    await start({ notSignedIn: 'success-false' });
    expect([await kick(body), await kick(body)]).toMatchObject([
      { data: { success: true } },
      { data: { success: false } },
    ]);
  });

  it('accepts an app named twice, or refuses it', async () => {
    const body = { userId, appIds: [appIds[0], appIds[0]] };
    expect(await kick(body)).toMatchObject({ statusCode: 200 });
    await start({ duplicateAppIds: 'reject' });
    expect(await kick(body)).toMatchObject({ statusCode: 400 });
  });

  it('forgets removed users and apps', async () => {
    emulator.directory.removeApp(appIds[1]!);
    expect(await kick({ userId, appIds: [appIds[1]] })).toMatchObject({ apiCode: 2011 });
    emulator.directory.removeUser(userId);
    expect(await kick({ userId, appIds: [appIds[0]] })).toMatchObject({ apiCode: 2004 });
    expect(isOnline()).toBe(false);
  });

  it('may leave check-session-status behind for a while', async () => {
    let nowMs = Date.now();
    await start({ sessionEndLagMs: 1000, now: () => nowMs });
    const session = { userId, appId: appIds[0] };
    await kick({ userId, appIds });
    expect(await checkSession(session)).toMatchObject({ data: { active: true } });
    nowMs += 1000;
    expect(await checkSession(session)).toMatchObject({ data: { active: false } });
  });

  it('and check-session-status refuse the unknown, or call it inactive', async () => {
    expect(await checkSession({ userId: 'nobody', appId: appIds[0] })).toMatchObject({ apiCode: 2004 });
    expect(await checkSession({ userId, appId: 'unknown' })).toMatchObject({ apiCode: 2011 });
    expect(await checkSession({ userId })).toMatchObject({ statusCode: 400 });
    await start({ unknownInSessionCheck: 'inactive' });
    expect(await checkSession({ userId: 'nobody', appId: 'unknown' })).toMatchObject({ data: { active: false } });
  });

  it('take a custom field by value alone and leave the requestId out when told so', async () => {
    await start({ customFieldFormat: 'value', requestIdOnSuccess: false });
    const reply = await kick({ userId: 'B-00001', appIds, options: { userIdType: 'custom_field' } });
    expect(reply).toEqual({ statusCode: 200, message: 'Success', data: { success: true } });
  });
});
