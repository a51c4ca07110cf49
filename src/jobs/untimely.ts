/** Refusals that say nothing against a call, but only against its being made now. Pure, but for the clock. */
import { ErrorCode, type AppError } from '../errors';
import type { JobRow } from './kick-job.repository';

/** A line that was clearly refused as untimely so often fails once its job is old; how long GenAuth is away is no matter. */
export const MAX_ATTEMPTS = 100;
/** Milliseconds. */
const OLD_MS = 24 * 3_600_000;

/** Says nothing against the call itself: it can be made later. */
const PASSING: ReadonlySet<ErrorCode> = new Set([
  ErrorCode.RATE_LIMITED,
  ErrorCode.UPSTREAM_UNAVAILABLE,
  ErrorCode.UPSTREAM_TIMEOUT,
  ErrorCode.AUDIT_UNAVAILABLE,
  ErrorCode.UPSTREAM_REFUSED_CREDENTIALS,
]);

/** @param error a clear no */
export function mayBeMadeLater(error: AppError, attempts: number, job: Pick<JobRow, 'created_at'>): boolean {
  if (!PASSING.has(error.code)) return false;
  return attempts < MAX_ATTEMPTS || Date.now() - job.created_at.getTime() < OLD_MS;
}
