/** A key that GenAuth refuses: what is logged says when it is not the key that has to be changed. */
import { kick } from '../helpers/execute';
import { startTestApp } from '../helpers/start-app';

it.each([
  [1300, undefined],
  [1303, 'it can not read the time of our clock'],
  [1305, "our clock is too far from GenAuth's: set it"],
  [1306, 'it has had the same signature before'],
])('apiCode %d is logged, with what it means', async (apiCode, why) => {
  const app = await startTestApp();
  const { demoUser, demoApp } = app.genauth.directory;
  app.genauth.faults.next({ kind: 'envelope', statusCode: 401, apiCode });
  expect(await kick(app, { userId: demoUser.userId, appIds: [demoApp.appId] })).toMatchObject({
    code: 'UPSTREAM_REFUSED_CREDENTIALS',
  });
  const lines = app.logs.filter(({ msg }) => msg === 'GenAuth refuses our key');
  expect(lines).toEqual([expect.objectContaining({ level: 50, apiCode, ...(why !== undefined && { why }) })]);
  expect('why' in lines[0]!).toBe(why !== undefined);
});
