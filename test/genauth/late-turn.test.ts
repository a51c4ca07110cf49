/** A call whose connection takes longer than its turn lasts, and that gets no other turn in time. */
import { AppError, ErrorCode } from '../../src/errors';
import type { Pace } from '../../src/genauth/permit';
import { UserIdType } from '../../src/kick/user-id-type.enum';
import { startTestClient } from '../helpers/start-client';

afterEach(() => jest.restoreAllMocks());

it('is told what those are told who got none, and is neither an attempt nor an outage', async () => {
  let nowMs = performance.now();
  jest.spyOn(performance, 'now').mockImplementation(() => nowMs);
  let turns = 0;
  const acquire: Pace['acquire'] = async () => {
    turns++;
    if (turns > 1) throw new AppError(ErrorCode.RATE_LIMITED, 'Too many wait.', { retryAfterSeconds: 3 });
    // After the call was handed over, and before there can be a connection: that takes a turn of the event loop.
    process.nextTick(() => (nowMs += 200));
  };
  const onAttempt = jest.fn();
  const onCircuitChange = jest.fn();
  const { genauth, client } = await startTestClient({
    pace: { acquire },
    onAttempt,
    onCircuitChange,
    breakerFailures: 1,
  });
  const { demoUser, demoApp } = genauth.directory;
  const kick = { userId: demoUser.userId, userIdType: UserIdType.USER_ID, appIds: [demoApp.appId] };
  await expect(client.kickUser(kick, { requestId: 'r' })).rejects.toMatchObject({
    code: 'RATE_LIMITED',
    message: 'Too many wait.',
    retryAfterSeconds: 3,
    mayHaveTakenEffect: false,
  });
  expect(turns).toBe(2);
  expect(genauth.receivedCount()).toBe(0);
  expect(onAttempt).not.toHaveBeenCalled();
  expect(onCircuitChange).not.toHaveBeenCalled();
});
