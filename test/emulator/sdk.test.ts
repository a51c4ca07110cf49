import { ManagementClient } from 'authing-node-sdk';
import { type KickUsersDto } from 'authing-node-sdk/dist/models/KickUsersDto';
import { KickUsersOptionsDto } from 'authing-node-sdk/dist/models/KickUsersOptionsDto';

import { startEmulator, type Emulator } from '../../src/emulator/emulator';

/** The unmodified SDK from npm. Its documented sample's enum is missing from the index in 4.0.1, hence the imports from dist. */
describe('the official SDK against the emulator', () => {
  let emulator: Emulator;
  let client: ManagementClient;
  let demo: { userId: string; appId: string };

  beforeAll(async () => {
    emulator = await startEmulator({ extraApps: 60 });
    client = clientWith({});
    demo = { userId: emulator.directory.demoUser.userId, appId: emulator.directory.demoApp.appId };
  });
  afterAll(() => emulator.stop());
  beforeEach(() => emulator.directory.signIn(demo.userId, demo.appId));

  function clientWith(options: { accessKeySecret?: string; lang?: 'zh-CN' | 'en-US'; tenantId?: string }) {
    const { accessKeyId, accessKeySecret, url: host } = emulator;
    // Each client keeps the host of the axios defaults at its construction, so several may live side by side.
    return new ManagementClient({ accessKeyId, accessKeySecret, host, ...options });
  }

  it('sees a session, kicks, and the session is gone', async () => {
    expect(await client.checkSessionStatus(demo)).toMatchObject({ statusCode: 200, data: { active: true } });
    const kick = { userId: demo.userId, appIds: [demo.appId] };
    expect(await client.kickUsers(kick)).toMatchObject({
      statusCode: 200,
      message: '操作成功',
      data: { success: true },
    });
    expect(await client.checkSessionStatus(demo)).toMatchObject({ statusCode: 200, data: { active: false } });
    expect(emulator.directory.isOnline(demo.userId, demo.appId)).toBe(false);
  });

  it('kicks by e-mail', async () => {
    const options = { userIdType: KickUsersOptionsDto.userIdType.EMAIL };
    const kick: KickUsersDto = { userId: emulator.directory.demoUser.ids.email, appIds: [demo.appId], options };
    expect(await client.kickUsers(kick)).toMatchObject({ statusCode: 200 });
    expect(emulator.directory.isOnline(demo.userId, demo.appId)).toBe(false);
  });

  it('is refused with 1300 when its secret is wrong', async () => {
    const reply = await clientWith({ accessKeySecret: 'wrong' }).kickUsers({
      userId: demo.userId,
      appIds: [demo.appId],
    });
    expect(reply).toMatchObject({ statusCode: 401, apiCode: 1300 });
    expect(emulator.directory.isOnline(demo.userId, demo.appId)).toBe(true);
  });

  it.each([
    ['zh-CN', '参数 appIds 格式错误'],
    ['en-US', 'Parameter appIds is malformed'],
  ] as const)('may not name 51 apps, nor none (%s)', async (lang, message) => {
    const appIds = emulator.directory.apps.slice(0, 51).map((app) => app.appId);
    const speaking = clientWith({ lang });
    expect(await speaking.kickUsers({ userId: demo.userId, appIds })).toMatchObject({ statusCode: 400, message });
    expect(await speaking.kickUsers({ userId: demo.userId, appIds: [] })).toMatchObject({ statusCode: 400, message });
    expect(await speaking.kickUsers({ userId: demo.userId, appIds: appIds.slice(1) })).toMatchObject({
      statusCode: 200,
    });
  });

  it('is told 404 for an unknown user, with its tenant named', async () => {
    const reply = await clientWith({ tenantId: 'tenant-1' }).kickUsers({ userId: 'nobody', appIds: [demo.appId] });
    expect(reply).toMatchObject({ statusCode: 404, apiCode: 2004, message: '用户不存在' });
    expect(emulator.received.at(-1)?.headers).toMatchObject({ 'x-authing-app-id': 'tenant-1' });
  });

  it('reads users, one and many', async () => {
    const { ids, userId } = emulator.directory.demoUser;
    const one = await client.getUser({ userId: ids.username, userIdType: 'username', withCustomData: true });
    expect(one).toMatchObject({
      statusCode: 200,
      data: { userId, email: ids.email, customData: { badge: 'B-00001' } },
    });
    const userIds = emulator.directory.users.slice(0, 3).map((user) => user.userId);
    const many = await client.getUserBatch({ userIds: [...userIds, 'nobody'], withIdentities: true });
    expect(many.data.map((user) => user.userId)).toEqual(userIds);
    expect(await client.getUserBatch({ userIds: [userId] })).toMatchObject({ statusCode: 200, data: [{ userId }] });
    expect(await client.getUser({ userId: 'nobody' })).toMatchObject({ statusCode: 404 });
    expect(await client.getUser({ userId: 'no-mail', userIdType: 'email' })).toMatchObject({
      statusCode: 400,
      message: '参数 userId 格式错误',
    });
  });

  it('asks whether users exist', async () => {
    expect(await client.isUserExists({ externalId: 'emp-00001' })).toMatchObject({ data: { exists: true } });
    expect(await client.isUserExists({ email: 'no@example.com' })).toMatchObject({
      statusCode: 200,
      data: { exists: false },
    });
    expect(await client.isUserExists({})).toMatchObject({
      statusCode: 400,
      message: '参数 username, email, phone, externalId 格式错误',
    });
  });

  it('lists the apps a user was ever signed in to, kicked or not', async () => {
    const before = await client.getUserLoggedinApps({ userId: demo.userId });
    await client.kickUsers({ userId: demo.userId, appIds: [demo.appId] });
    expect(await client.getUserLoggedinApps({ userId: demo.userId })).toMatchObject({ data: before.data });
    expect(before.data[0]).toEqual({
      appId: demo.appId,
      appName: 'Demo Portal',
      appLogo: expect.any(String),
      appLoginUrl: expect.any(String),
    });
  });

  it("lists an app's active users until they are kicked", async () => {
    const page = { appId: demo.appId, options: { pagination: { page: 1, limit: 50 } } };
    const before = await client.listApplicationActiveUsers(page);
    await client.kickUsers({ userId: demo.userId, appIds: [demo.appId] });
    const after = await client.listApplicationActiveUsers(page);
    expect(after.data.totalCount).toBe(before.data.totalCount - 1);
    expect(before.data.list.map((user) => user.userId)).toContain(demo.userId);
    expect(after.data.list.map((user) => user.userId)).not.toContain(demo.userId);
  });

  it('pages through apps', async () => {
    const page = await client.listApplicationSimpleInfo({ page: 2, limit: 50 });
    expect(page.data).toMatchObject({ totalCount: 65, list: { length: 15 } });
    const found = await client.listApplicationSimpleInfo({ keywords: 'portal' });
    expect(found.data.list.map((app) => app.appId)).toEqual([demo.appId]);
    expect(await client.listApplicationSimpleInfo({ limit: 51 })).toMatchObject({ message: 'limit must less than 50' });
    expect(await client.listApplicationSimpleInfo({ page: -1 })).toMatchObject({ message: '参数 page 格式错误' });
  });
});
