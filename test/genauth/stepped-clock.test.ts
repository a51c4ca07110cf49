/** A machine whose clock is set back: waits are no longer for it. */
import { kick } from '../helpers/execute';
import { startTestApp } from '../helpers/start-app';

afterEach(() => jest.restoreAllMocks());

it('an open circuit lets a probe through after 5 seconds', async () => {
  let nowMs = performance.now();
  jest.spyOn(performance, 'now').mockImplementation(() => nowMs);
  const app = await startTestApp({ GENAUTH_BREAKER_FAILURES: '1' });
  const { demoUser, demoApp } = app.genauth.directory;
  const kickDemoUser = () => kick(app, { userId: demoUser.userId, appIds: [demoApp.appId] });
  app.genauth.faults.next({ kind: 'status', status: 503, headers: { 'retry-after': '60' } });
  await kickDemoUser();
  const setBack = Date.now() - 60_000;
  jest.spyOn(Date, 'now').mockImplementation(() => setBack);
  expect(await kickDemoUser()).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', retryAfterSeconds: 5 });
  nowMs += 5000;
  expect(await kickDemoUser()).toMatchObject({ __typename: 'KickUsersSuccess' });
});
