/** What GENAUTH_MAX_RPS, the cap, comes to: how much of it is used, and how it is divided. Pure. */

export interface PaceLimits {
  /** Calls that may arrive in any one second on average. */
  cap: number;
  /** What all gateways together plan to send, in calls a second. */
  usable: number;
  /** Divided among all live gateways, busy or not, so that none has to ask before its first call. Calls a second. */
  reserve: number;
  /** The most that may ever arrive within one second: the cap and a tenth. */
  most: number;
}

/** A little below the cap: calls get closer together on their way, and gateways don't know of each other's rhythm. */
const USABLE = 0.97;
const RESERVE = 0.05;
const MOST = 1.1;

/**
 * A gateway with a rate can put `floor(rate * SPREAD) + 1` calls into one second: its tolerance for late timers is in
 * SPREAD, and the one more is the call that a second begins with.
 */
export const SPREAD = 1.05;

/** The greatest rate that puts at most so many calls into any one second. */
const rateForMost = (calls: number): number => (calls - 0.001) / SPREAD;

export function limitsOf(cap: number): PaceLimits {
  // A product such as 10 * 1.1 is a hair above the whole number that is meant.
  const most = Math.floor(cap * MOST + 1e-9);
  return { cap, usable: Math.min(cap * USABLE, rateForMost(most)), reserve: cap * RESERVE, most };
}
