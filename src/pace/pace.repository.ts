/** The shares of the pace in the database; the arithmetic is in src/store/migrations/0006-kicks-first.ts. */
import type { Queryable } from '../store/database';
import { SPREAD, type PaceLimits } from './limits';
import type { ThrottleState } from './throttle';

/** What a gateway says of itself. Rates in calls a second. */
export interface Report {
  /** What it applies now. */
  held: number;
  /** For kicks and jobs together. */
  demand: number;
  kickDemand: number;
  /** Whether GenAuth has refused a call of its with HTTP 429 since the last report. */
  isThrottled: boolean;
  /** For the others to read, in `pace_gateways`. */
  info: Readonly<Record<string, unknown>>;
}

/** What it is told. Rates in calls a second, before throttling. */
export interface Grant {
  /** For two seconds from the report on. */
  share: number;
  /** Its part of the reserve, which it has with or without a lease. */
  base: number;
  /** Live ones, itself included. */
  gateways: number;
  /** What it can count on for single kicks, once jobs have made room: in a second or so. */
  kicksSoon: number;
  throttle: ThrottleState;
}

interface GrantRow {
  share: number;
  base: number;
  gateways: number;
  kicks_soon: number;
  throttle_factor: number;
  since_halved_ms: number | null;
  since_throttled_ms: number | null;
}

export async function renewShare(
  store: Queryable,
  gateway: string,
  limits: PaceLimits,
  { held, demand, kickDemand, isThrottled, info }: Report,
): Promise<Grant> {
  const { cap, usable, reserve, most } = limits;
  const [row] = await store.query<GrantRow>('select * from pace_renew($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)', [
    gateway,
    held,
    demand,
    kickDemand,
    cap,
    usable,
    reserve,
    most,
    SPREAD,
    isThrottled,
    JSON.stringify(info),
  ]);
  if (row === undefined) throw new Error('pace_renew has told nothing.');
  const { share, base, gateways, kicks_soon: kicksSoon, throttle_factor: factor } = row;
  const sinceHalvedMs = row.since_halved_ms ?? Infinity;
  const sinceThrottledMs = row.since_throttled_ms ?? Infinity;
  return { share, base, gateways, kicksSoon, throttle: { factor, sinceHalvedMs, sinceThrottledMs } };
}

export async function giveShareBack(store: Queryable, gateway: string): Promise<void> {
  await store.query('delete from pace_gateways where id = $1', [gateway]);
}
