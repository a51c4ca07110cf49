/** A call whose connection takes longer than its turn lasts, and what it is told when it can't be sent any more. */
import { AppError, ErrorCode } from '../../src/errors';
import type { CallContext } from '../../src/genauth/attempt';
import type { GenAuthClientOptions } from '../../src/genauth/client';
import type { Pacing } from '../../src/genauth/permit';
import { CallerHangUp } from '../../src/hang-up';
import { UserIdType } from '../../src/kick/user-id-type.enum';
import { startTestClient } from '../helpers/start-client';

afterEach(() => jest.restoreAllMocks());

const TIMEOUT_MS = 10_000;

const refuse = (): never => {
  throw new AppError(ErrorCode.RATE_LIMITED, 'Too many wait.', { retryAfterSeconds: 3 });
};

/**
 * @param turns what happens at each; those after them are refused, and come past the deadline, so that whoever asks for turns
 * without end gets to one
 */
async function start(turns: ((moveClock: (ms: number) => void) => void)[], change: Partial<GenAuthClientOptions> = {}) {
  // Whole, so that sums are exact.
  let nowMs = Math.ceil(performance.now());
  jest.spyOn(performance, 'now').mockImplementation(() => nowMs);
  // After the call was handed over, and before there can be a connection: that takes a turn of the event loop.
  const moveClock = (ms: number): void => process.nextTick(() => (nowMs += ms));
  let asked = 0;
  const acquire = jest.fn<Promise<void>, Parameters<Pacing['acquire']>>(async () => {
    const turn = turns[asked++];
    if (turn !== undefined) return turn(moveClock);
    nowMs += TIMEOUT_MS;
    refuse();
  });
  const onAttempt = jest.fn();
  const onCircuitChange = jest.fn();
  const options = { pace: { acquire }, timeoutMs: TIMEOUT_MS, onAttempt, onCircuitChange, ...change };
  const { genauth, client } = await startTestClient(options);
  const { demoUser, demoApp } = genauth.directory;
  const command = { userId: demoUser.userId, userIdType: UserIdType.USER_ID, appIds: [demoApp.appId] };
  const kick = (context: Partial<CallContext> = {}) => client.kickUser(command, { requestId: 'r', ...context });
  /** Once nothing is under way any more: a call that was given up may be on its way all the same. */
  const received = async () => {
    await client.stop();
    // A client can't be stopped twice, and its helper does so at the end.
    client.stop = () => Promise.resolve();
    return genauth.receivedCount();
  };
  return { genauth, kick, received, acquire, onAttempt, onCircuitChange, now: () => nowMs };
}

const outlastTurn = (moveClock: (ms: number) => void) => moveClock(200);

it('is told what those are told who got none, and is neither an attempt nor an outage', async () => {
  const { kick, received, acquire, onAttempt, onCircuitChange } = await start([outlastTurn, refuse], {
    breakerFailures: 1,
  });
  await expect(kick()).rejects.toMatchObject({
    code: 'RATE_LIMITED',
    message: 'Too many wait.',
    retryAfterSeconds: 3,
    mayHaveTakenEffect: false,
  });
  expect(acquire).toHaveBeenCalledTimes(2);
  expect(await received()).toBe(0);
  expect(onAttempt).not.toHaveBeenCalled();
  expect(onCircuitChange).not.toHaveBeenCalled();
});

it.each([
  ['gets no other turn', [() => undefined, outlastTurn, refuse]],
  ['gets no turn for its second attempt', [() => undefined, refuse]],
])('is told by the attempt that was made when it %s', async (_, turns) => {
  const { genauth, kick, received, acquire, onAttempt } = await start(turns);
  genauth.faults.next({ kind: 'reset' });
  await expect(kick()).rejects.toMatchObject({
    code: 'UPSTREAM_UNAVAILABLE',
    message: 'The connection to GenAuth was lost after the request was sent.',
    mayHaveTakenEffect: true,
  });
  expect(acquire).toHaveBeenCalledTimes(turns.length);
  expect(await received()).toBe(1);
  expect(onAttempt).toHaveBeenCalledTimes(1);
});

it('is not sent later than it may be, and is then neither an attempt nor an outage', async () => {
  const turns = [outlastTurn, () => undefined];
  const { kick, received, onAttempt, onCircuitChange, now } = await start(turns, { breakerFailures: 1 });
  await expect(kick({ priority: 'job', sendBy: now() + 150 })).rejects.toMatchObject({
    code: 'UPSTREAM_UNAVAILABLE',
    message: expect.stringContaining('A call made so late'),
    mayHaveTakenEffect: false,
  });
  expect(await received()).toBe(0);
  expect(onAttempt).not.toHaveBeenCalled();
  expect(onCircuitChange).not.toHaveBeenCalled();
});

it('asks for no other turn after its deadline', async () => {
  const { kick, received, acquire, onAttempt } = await start([(moveClock) => moveClock(TIMEOUT_MS)]);
  await expect(kick()).rejects.toMatchObject({
    code: 'UPSTREAM_UNAVAILABLE',
    message: 'No connection to GenAuth; nothing was sent.',
    mayHaveTakenEffect: false,
  });
  expect(acquire).toHaveBeenCalledTimes(1);
  expect(await received()).toBe(0);
  expect(onAttempt).toHaveBeenCalledTimes(1);
});

it('is no outage when its caller hangs up while it waits for another turn', async () => {
  const hangUp = new CallerHangUp();
  const leave = (): never => {
    hangUp.note();
    throw new Error('The caller has gone.');
  };
  const { kick, received, acquire, onCircuitChange } = await start([outlastTurn, leave], { breakerFailures: 1 });
  await expect(kick({ hangUp })).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', mayHaveTakenEffect: false });
  expect(acquire).toHaveBeenCalledTimes(2);
  expect(await received()).toBe(0);
  expect(onCircuitChange).not.toHaveBeenCalled();
});
