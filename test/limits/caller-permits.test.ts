/** Permits that a busy caller's gateway takes in advance: they are counted, grow old in a second, and are given back once. */
import { CallerPermits } from '../../src/limits/caller-permits';

const PER_MINUTE = 1200;
/** A sixtieth of it: for a second. */
const SLICE = PER_MINUTE / 60;

function start(perMinute = PER_MINUTE) {
  let nowMs = 0;
  const taken: [wanted: number, extra: number][] = [];
  const back: [slot: number, unused: number][] = [];
  let slot = 0;
  const permits = new CallerPermits(
    {
      take: async (wanted, extra) => {
        taken.push([wanted, extra]);
        return { granted: wanted + extra, slot: ++slot, retryAfterMs: null };
      },
      giveBack: async (of, unused) => void back.push([of, unused]),
    },
    perMinute,
    () => nowMs,
  );
  const take = async (times: number): Promise<void> => {
    expect(await Promise.all(Array.from({ length: times }, () => permits.take()))).toEqual(Array(times).fill(null));
  };
  return { permits, taken, back, take, at: (ms: number) => (nowMs = ms) };
}

it('of somebody who kicks now and then are taken one by one', async () => {
  const { taken, take, at } = start();
  for (const ms of [0, 2000, 4000]) {
    at(ms);
    await take(1);
  }
  expect(taken).toEqual([[1, 0], [1, 0], [1, 0]]); // prettier-ignore
});

it('of somebody with a small limit are never taken in advance', async () => {
  const { taken, take, at } = start(540);
  await take(20);
  at(100);
  await take(1);
  expect(taken.map(([, extra]) => extra).at(-1)).toBe(0);
});

it('of a busy caller are taken for a second in advance, and each is used once', async () => {
  const { taken, take, at } = start();
  await take(SLICE);
  taken.length = 0;
  at(100);
  await take(1);
  expect(taken).toEqual([[1, SLICE]]);
  // All of the stock, without a question; and not one more.
  await take(SLICE);
  expect(taken).toHaveLength(1);
  await take(1);
  expect(taken).toHaveLength(2);
});

it('that have grown old are given back, once, and not used', async () => {
  const { permits, taken, back, take, at } = start();
  await take(SLICE);
  at(100);
  await take(1);
  await take(SLICE - 5);
  const questions = taken.length;
  at(1099);
  await permits.tidy();
  expect(back).toEqual([]);
  at(1100);
  await take(1);
  expect(taken).toHaveLength(questions + 1);
  await permits.tidy();
  await permits.tidy();
  expect(back.filter(([slot]) => slot === questions)).toEqual([[questions, 5]]);
});

it('are given back at the end, however fresh they are', async () => {
  const { permits, back, take, at } = start();
  await take(SLICE);
  at(100);
  await take(1);
  expect(permits.isIdle).toBe(false);
  await permits.tidy(true);
  await permits.tidy(true);
  expect(back.map(([, unused]) => unused)).toEqual([SLICE]);
  at(5000);
  expect(permits.isIdle).toBe(true);
});
