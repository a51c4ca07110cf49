/** Reading a kicked user back, app by app: how often, how far apart, and what is made of what was seen. */
import { AppError, ErrorCode } from '../../src/errors';
import type { ReadBack } from '../../src/jobs/read-back';
import { verifyOffline } from '../../src/jobs/verify-offline';

const ONLINE = 'online';
const OFFLINE = 'offline';
const BUSY = new AppError(ErrorCode.RATE_LIMITED, 'slow down');
const BROKEN = new AppError(ErrorCode.UPSTREAM_UNAVAILABLE, 'broken', { mayHaveTakenEffect: true });
const UNSENT = new AppError(ErrorCode.UPSTREAM_UNAVAILABLE, 'circuit open');

/** Answers readings one by one; the last answer is given to all that follow. */
function scripted(...answers: (typeof ONLINE | typeof OFFLINE | AppError)[]) {
  const reads: { appId: string; at: number }[] = [];
  const isOnline: ReadBack['isOnline'] = async (appId) => {
    reads.push({ appId, at: performance.now() });
    const answer = answers[Math.min(reads.length, answers.length) - 1];
    if (answer instanceof AppError) throw answer;
    return answer === ONLINE;
  };
  return { readBack: { isOnline } as ReadBack, reads };
}
const never = (): boolean => false;

it('what was seen of one app is not counted for the next', async () => {
  const { readBack, reads } = scripted(ONLINE, ONLINE, OFFLINE, ONLINE, OFFLINE);
  const outcome = await verifyOffline({ readBack, mustStop: never }, ['one', 'two'], { done: 0, tried: '' });
  expect(outcome).toMatchObject({ state: 'KICKED', verifiedOffline: true });
  expect(reads.map(({ appId }) => appId)).toEqual(['one', 'one', 'one', 'two', 'two']);
});

it('a session has time to end between two readings, and more of it between the next two', async () => {
  const { readBack, reads } = scripted(ONLINE);
  await verifyOffline({ readBack, mustStop: never }, ['one'], { done: 0, tried: '' });
  const waits = reads.slice(1).map(({ at }, index) => at - reads[index]!.at);
  expect(waits).toHaveLength(2);
  // At least: a timer of Node's may come a millisecond early.
  expect(waits[0]).toBeGreaterThan(245);
  expect(waits[1]).toBeGreaterThan(495);
});

it('a reading that GenAuth puts off is made later, a hundred times, and then the question stays open', async () => {
  const { readBack, reads } = scripted(BUSY);
  const reading = { done: 0, tried: '' };
  for (let turn = 0; turn < 100; turn++) {
    expect(await verifyOffline({ readBack, mustStop: never }, ['one'], reading)).toBeNull();
  }
  expect(await verifyOffline({ readBack, mustStop: never }, ['one'], reading)).toMatchObject({
    state: 'KICKED',
    verifiedOffline: null,
    message: 'GenAuth confirmed the kick; reading it back failed.',
  });
  expect(reads).toHaveLength(103);
});

it('a reading that was not made for want of time counts as none', async () => {
  const { readBack } = scripted(UNSENT);
  const reading = { done: 0, tried: 'o' };
  let asked = 0;
  // Before the reading there is time, after it there is none.
  const mustStop = (): boolean => ++asked > 1;
  expect(await verifyOffline({ readBack, mustStop }, ['one'], reading)).toBeNull();
  expect(reading).toEqual({ done: 0, tried: 'o' });
});

it.each([
  ['three failures', [BROKEN], { state: 'KICKED', verifiedOffline: null }],
  ['a failure that was not for want of time', [UNSENT], { state: 'KICKED', verifiedOffline: null }],
  ['one sight of the user among failures', [BROKEN, ONLINE, BROKEN], { state: 'FAILED', verifiedOffline: false }],
] as const)('%s: that is told', async (_what, answers, outcome) => {
  const { readBack, reads } = scripted(...answers);
  const told = await verifyOffline({ readBack, mustStop: never }, ['one'], { done: 0, tried: '' });
  expect(told).toMatchObject(outcome);
  expect(reads).toHaveLength(3);
});
