/** What a job's call waits for before it is sent (its mark, its record) is our own time, not GenAuth's. */
import { setTimeout as delay } from 'node:timers/promises';
import { AppError, ErrorCode } from '../../src/errors';
import { UserIdType } from '../../src/kick/user-id-type.enum';
import { startTestClient } from '../helpers/start-client';

/** A machine that has other things to do may stand still for the half of it. Milliseconds. */
const TIMEOUT_MS = 2500;

async function start() {
  const onAttempt = jest.fn();
  const onCircuitChange = jest.fn();
  const { genauth, client } = await startTestClient({
    timeoutMs: TIMEOUT_MS,
    onAttempt,
    onCircuitChange,
    breakerFailures: 1,
  });
  const { demoUser, demoApp } = genauth.directory;
  const command = { userId: demoUser.userId, userIdType: UserIdType.USER_ID, appIds: [demoApp.appId] };
  /** @param stallsMs how long the database takes before each attempt */
  const kick = (...stallsMs: number[]) =>
    client.kickUser(command, {
      requestId: 'r',
      priority: 'job',
      beforeSend: () => delay(stallsMs.shift() ?? 0),
    });
  return { genauth, kick, onAttempt, onCircuitChange };
}

it('leaves GenAuth all of its time to answer', async () => {
  const { genauth, kick } = await start();
  genauth.faults.always({ kind: 'delay', ms: TIMEOUT_MS * 0.6 });
  await expect(kick(TIMEOUT_MS * 0.6)).resolves.toMatchObject({ statusCode: 200 });
});

it('is no attempt and no outage where it takes too long, and nothing is sent so late', async () => {
  const { genauth, kick, onAttempt, onCircuitChange } = await start();
  await expect(kick(TIMEOUT_MS * 1.2)).rejects.toMatchObject({
    name: 'AppError',
    code: 'UPSTREAM_UNAVAILABLE',
    message: expect.stringContaining('nothing was sent'),
    mayHaveTakenEffect: false,
  });
  expect(genauth.receivedCount()).toBe(0);
  expect(onAttempt).not.toHaveBeenCalled();
  expect(onCircuitChange).not.toHaveBeenCalled();
});

it('ends the attempts where hardly any time would be left for an answer', async () => {
  const { genauth, kick, onAttempt } = await start();
  genauth.faults.always({ kind: 'envelope', statusCode: 429, message: 'later' });
  await expect(kick(0, TIMEOUT_MS * 0.95)).rejects.toMatchObject({ code: 'RATE_LIMITED', mayHaveTakenEffect: false });
  expect(onAttempt).toHaveBeenCalledTimes(1);
});

it('is told by the attempt that was made when the next one gets no record', async () => {
  const { genauth, client } = await startTestClient();
  const { demoUser, demoApp } = genauth.directory;
  genauth.faults.next({ kind: 'status', status: 503 });
  const beforeSend = jest
    .fn<Promise<void>, []>()
    .mockResolvedValueOnce()
    .mockRejectedValueOnce(new AppError(ErrorCode.AUDIT_UNAVAILABLE, 'No record, so nothing was done.'));
  const command = { userId: demoUser.userId, userIdType: UserIdType.USER_ID, appIds: [demoApp.appId] };
  await expect(client.kickUser(command, { requestId: 'r', priority: 'job', beforeSend })).rejects.toMatchObject({
    code: 'UPSTREAM_UNAVAILABLE',
    message: expect.stringContaining('HTTP 503'),
    mayHaveTakenEffect: true,
  });
  expect(beforeSend).toHaveBeenCalledTimes(2);
  expect(genauth.receivedCount()).toBe(1);
});
