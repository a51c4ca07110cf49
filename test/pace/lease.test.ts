/** A gateway's share of the pace: how long it may be used, what the database is told of it, and what is left without it. */
import { pino } from 'pino';
import { Lease, type News, type Wish } from '../../src/pace/lease';
import { limitsOf } from '../../src/pace/limits';
import type { Database } from '../../src/store/database';

const LIMITS = limitsOf(100);
const SHARE = 40;
const BASE = 2.5;
const WISH: Wish = { demand: 60, kickDemand: 10 };
const NEWS: News = { isThrottled: false, info: {} };
const GRANT = { share: SHARE, base: BASE, gateways: 2, kicks_soon: SHARE, throttle_factor: 1, since_halved_ms: null, since_throttled_ms: null }; // prettier-ignore

/** A lease of a database that answers when, and as, a test says. */
function startLease() {
  let nowMs = 0;
  const asked: { sql: string; parameters: readonly unknown[] }[] = [];
  let answer: (() => unknown) | null = null;
  const query = (sql: string, parameters: readonly unknown[]) => {
    asked.push({ sql, parameters });
    return Promise.resolve(answer?.() ?? [GRANT]);
  };
  const database = { kind: 'postgres', query } as unknown as Database;
  const lease = new Lease(database, LIMITS, pino({ level: 'silent' }), () => nowMs);
  return {
    lease,
    asked,
    at: (ms: number) => (nowMs = ms),
    answerWith: (next: () => unknown) => (answer = next),
  };
}
const AWAY = () => {
  throw new Error('Connection terminated unexpectedly');
};

it('has a fourth of the reserve before it was ever granted anything, so that others can be there, too', () => {
  const { lease } = startLease();
  expect(lease.rate).toEqual({ now: LIMITS.reserve / 4, soon: LIMITS.reserve / 4 });
});

it('is used for two seconds from the asking on, however late the answer was, and then gives way to the reserve', async () => {
  const { lease, at, answerWith } = startLease();
  answerWith(() => (at(500), [GRANT]));
  await lease.renew(WISH, NEWS);
  at(1999);
  expect(lease.rate.now).toBe(SHARE);
  // The others are given it then, as the database has heard nothing of this gateway.
  at(2000);
  expect(lease.rate).toEqual({ now: BASE, soon: BASE });
});

it('tells what it holds and wishes; in the end it gives the share back, and asks no more', async () => {
  const { lease, asked, at } = startLease();
  await lease.renew(WISH, NEWS);
  at(600);
  expect(lease.isDue(WISH, false)).toBe(true);
  await lease.renew(WISH, NEWS);
  const [first, second] = asked.map(({ parameters }) => parameters);
  expect(first?.slice(1, 4)).toEqual([LIMITS.reserve / 4, WISH.demand, WISH.kickDemand]);
  expect(second?.slice(0, 4)).toEqual([first?.[0], SHARE, WISH.demand, WISH.kickDemand]);
  await lease.stop();
  expect(asked.at(-1)).toEqual({ sql: expect.stringMatching(/^delete from pace_gateways/), parameters: [first?.[0]] });
  at(60_000);
  expect(lease.isDue(WISH, true)).toBe(false);
});

it('that can not be renewed is used to its end, and no longer', async () => {
  const { lease, at, answerWith } = startLease();
  await lease.renew(WISH, NEWS);
  answerWith(AWAY);
  at(1000);
  expect(await lease.renew(WISH, NEWS)).toBeNull();
  expect(lease.rate.now).toBe(SHARE);
  at(2000);
  expect(lease.rate.now).toBe(BASE);
});

it.each<[string, number, Wish, boolean, boolean]>([
  ['at once, for nothing', 74, { demand: 1000, kickDemand: 1000 }, true, false],
  ['with news', 75, { demand: 0, kickDemand: 0 }, true, true],
  ['without any', 75, { demand: 0, kickDemand: 0 }, false, false],
  ['when much more is wanted than was asked for', 75, { demand: WISH.demand * 1.3, kickDemand: 0 }, false, true],
  ['when less is granted than was asked for', 199, WISH, false, false],
  ['when less is granted than was asked for, later', 200, WISH, false, true],
  ['after half a second, whatever is wanted', 500, { demand: 0, kickDemand: 0 }, false, true],
])('asks again %s (%i ms)', async (_when, ms, wish, hasNews, isDue) => {
  const { lease, at } = startLease();
  await lease.renew(WISH, NEWS);
  at(ms);
  expect(lease.isDue(wish, hasNews)).toBe(isDue);
});

it('asks a database that is away every half second, whatever is wanted', async () => {
  const { lease, at, answerWith } = startLease();
  answerWith(AWAY);
  await lease.renew(WISH, NEWS);
  at(499);
  expect(lease.isDue({ demand: 1000, kickDemand: 1000 }, true)).toBe(false);
  at(500);
  expect(lease.isDue({ demand: 0, kickDemand: 0 }, false)).toBe(true);
});
