/** Kicks of callers in the last minute, as the database counts them: src/store/migrations/0006-kicks-first.ts. */
import type { Queryable } from '../store/database';

/** What was taken at once. */
export interface Taken {
  /** Of those wanted first, then in advance. */
  granted: number;
  /** The second they were taken in, to give them back. */
  slot: number;
  /** Until the next one is free; null when all that were wanted were granted. Milliseconds. */
  retryAfterMs: number | null;
}

interface TakenRow {
  granted: number;
  taken_in: number;
  retry_after_ms: number | null;
}

/** @param extra in advance, to be used within a second */
export async function takePermits(
  store: Queryable,
  caller: string,
  wanted: number,
  extra: number,
  perMinute: number,
): Promise<Taken> {
  const [row] = await store.query<TakenRow>('select * from rate_take($1, $2, $3, $4)', [
    caller,
    wanted,
    extra,
    perMinute,
  ]);
  if (row === undefined) throw new Error('rate_take has told nothing.');
  return { granted: row.granted, slot: row.taken_in, retryAfterMs: row.retry_after_ms };
}

export async function returnPermits(store: Queryable, caller: string, slot: number, unused: number): Promise<void> {
  await store.query('select rate_return($1, $2, $3)', [caller, slot, unused]);
}
