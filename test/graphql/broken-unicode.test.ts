/** An operation with half a character in it is no other one, whatever was sent before. */
import { execute } from '../helpers/execute';
import { startTestApp } from '../helpers/start-app';

it('is refused, also where Apollo knows the one that its replacement would make', async () => {
  const app = await startTestApp();
  const { appId } = app.genauth.directory.demoApp;
  const kickOf = (text: string) =>
    `mutation { kickUsers(input: { userId: "user-${text}", appIds: ["${appId}"] }) { __typename } }`;
  expect((await execute(app, kickOf('\uFFFD'))).status).toBe(200);
  const sent = app.genauth.receivedCount();
  for (let round = 0; round < 2; round++) {
    const { status, errors } = await execute(app, kickOf('\uD800'));
    expect([status, errors]).toEqual([400, [expect.objectContaining({ message: expect.any(String) })]]);
  }
  expect(app.genauth.receivedCount()).toBe(sent);
  expect((await execute(app, kickOf('\uFFFD'))).status).toBe(200);
});
