/** Records that are not written yet: who waits for them, and for how many there is room. Pure. */
import type { TimedEntry } from './abandoned';
import type { AuditEntry } from './audit-record';

export interface Pending extends TimedEntry {
  /** Since when it waits, by `performance.now()`. */
  since: number;
  /** Null: nobody waits for it, and it is tried again. */
  waiter: { resolve: () => void; reject: (error: unknown) => void } | null;
}

/** @param time if it is not of now */
export const pendingOf = (entry: AuditEntry, waiter: Pending['waiter'], time = new Date()): Pending => ({
  entry,
  time,
  since: performance.now(),
  waiter,
});

/** Outcomes that wait for the database to come back; more are given up, loudly. */
const MAX_WAITING = 10_000;
/** Refusals that wait for it, beside those: a caller makes as many as they like, and must not make others' outcomes go. */
const MAX_REFUSALS_WAITING = 1000;

export const isRefusal = ({ entry: { action } }: Pending): boolean =>
  action === 'FORBIDDEN' || action === 'RATE_LIMITED';

/** @param waiting all that wait. @param refusals those of them that are refusals */
export const hasRoomFor = (pending: Pending, waiting: number, refusals: number): boolean =>
  isRefusal(pending) ? refusals < MAX_REFUSALS_WAITING : waiting - refusals < MAX_WAITING;
