/** Ids that are sent as numbers: JSON can't carry all of them, and somebody else's must not come of one. */
import { execute, operation } from '../helpers/execute';
import { startTestApp, type TestApp } from '../helpers/start-app';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});

/** As JSON has it, to the digit. */
const kickWith = async (userId: string) => {
  const query = JSON.stringify(operation('kick-users'));
  const { appId } = app.genauth.directory.demoApp;
  const body = `{"query":${query},"variables":{"input":{"userId":${userId},"appIds":["${appId}"]}}}`;
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${app.url}/graphql`, { method: 'POST', headers, body });
  return { status: answer.status, text: await answer.text() };
};

it.each(['9007199254740993', '-9007199254740993', '12345678901234567890', '1e30', '1.5'])(
  '%s is refused, and nothing is sent',
  async (userId) => {
    // Twice: the second time it goes the short way.
    for (let round = 0; round < 2; round++) {
      const { status, text } = await kickWith(userId);
      expect(status).toBe(400);
      expect(JSON.parse(text).errors).toEqual([
        {
          message: 'Variable "$input" has no valid value at "input.userId". It does not fit its type.',
          extensions: { code: 'BAD_USER_INPUT', requestId: expect.any(String) },
        },
      ]);
    }
    expect(app.genauth.receivedCount()).toBe(0);
  },
);

it.each(['9007199254740991', '42'])('%s is the id that it looks like', async (userId) => {
  app.genauth.clearReceived();
  expect((await kickWith(userId)).status).toBe(200);
  expect(app.genauth.received.at(-1)!.rawBody).toContain(`"userId":"${userId}"`);
});

it('a text of as many digits is never touched', async () => {
  app.genauth.clearReceived();
  const input = { userId: '9007199254740993', appIds: [app.genauth.directory.demoApp.appId] };
  await execute(app, operation('kick-users'), { input });
  expect(app.genauth.received.at(-1)!.rawBody).toContain('"userId":"9007199254740993"');
});
