import { AppError, ErrorCode } from '../errors';
import { HungUpError } from '../hang-up';

/** GenAuth documents no Retry-After; its limit is per second, so one second is our own back-off. */
const DEFAULT_RETRY_AFTER_SECONDS = 1;

/** Codes of attempts that never left, unless they are in doubt themselves. */
const UNSENT: ReadonlySet<ErrorCode> = new Set([ErrorCode.UPSTREAM_UNAVAILABLE, ErrorCode.AUDIT_UNAVAILABLE]);

/**
 * The last attempt's failure, told for the whole call. Where that attempt was not sent, and one before it is in doubt, that
 * one is told: "nothing was sent" would be untrue, and what GenAuth said of it would be lost.
 */
export function asOutcome(last: AppError, inDoubt: AppError | null): AppError {
  if (last instanceof HungUpError && inDoubt === null) return last;
  const wasSent = last.mayHaveTakenEffect || !UNSENT.has(last.code);
  const error = wasSent ? last : (inDoubt ?? last);
  const isThrottled = error.code === ErrorCode.RATE_LIMITED;
  const asked = last.retryAfterSeconds ?? error.retryAfterSeconds;
  const retryAfterSeconds = asked ?? (isThrottled ? DEFAULT_RETRY_AFTER_SECONDS : null);
  const mayHaveTakenEffect = inDoubt !== null;
  return new AppError(error.code, error.message, { ...error, retryAfterSeconds, mayHaveTakenEffect, cause: error });
}
