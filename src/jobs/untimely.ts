/** Refusals that say nothing against a call, but only against its being made now. Pure, but for the clock. */
import { ErrorCode, type AppError } from '../errors';
import type { JobRow } from './kick-job.repository';
import type { OwnedLine, Reading } from './kick-line.repository';

/** A call that GenAuth has put off so often fails once its job is old; how long GenAuth was away is no matter. */
export const MAX_PUT_OFF = 100;
/** So often a call may be refused because of our key, which GenAuth takes otherwise: while it doesn't, no call is made. */
const MAX_KEY_REFUSALS = 10;
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

/** What is noted of a refusal where readings are noted later: `x` because of our key, `w` because of GenAuth's limit. */
export function noteOf({ code }: AppError): string {
  if (code === ErrorCode.UPSTREAM_REFUSED_CREDENTIALS) return 'x';
  return code === ErrorCode.RATE_LIMITED ? 'w' : '';
}

/** @param error a clear no. @param refusals of the call, as {@link noteOf} has them, this one included */
export function mayBeMadeLater(error: AppError, refusals: string, job: Pick<JobRow, 'created_at'>): boolean {
  if (!PASSING.has(error.code)) return false;
  const like = refusals.split(noteOf(error)).length - 1;
  if (error.code === ErrorCode.UPSTREAM_REFUSED_CREDENTIALS) return like < MAX_KEY_REFUSALS;
  if (error.code !== ErrorCode.RATE_LIMITED) return true;
  return like < MAX_PUT_OFF || Date.now() - job.created_at.getTime() < OLD_MS;
}

/**
 * Whether GenAuth says that it knows no such user. A 404 alone may be of an address or of something else: to a kick it means that
 * (README's table), but where a call is without an answer it settles nothing. 2004: docs/reference/error-code.md (GenAuth).
 */
export const saysUserIsUnknown = ({ code, apiCode, statusCode }: AppError): boolean =>
  code === ErrorCode.USER_NOT_FOUND && apiCode === 2004 && statusCode !== 200;

/**
 * Whether a call that failed may have been carried out. 1306, "signature already used" (docs/reference/error-code.md, GenAuth):
 * we send none twice, so something in between did, and what became of the first one nobody knows.
 */
export const isInDoubt = ({ mayHaveTakenEffect, apiCode }: AppError): boolean => mayHaveTakenEffect || apiCode === 1306;

/** Whether GenAuth refuses our key. It may refuse it for one user, or for one endpoint, and take it otherwise. */
export const isOfOurKey = ({ code }: AppError): boolean => code === ErrorCode.UPSTREAM_REFUSED_CREDENTIALS;

/**
 * When a line was first sent, by `performance.now()`. In the future: the database's clock was set back, and nobody knows.
 * @param claimedAt when the database was asked how long ago that was, by the same clock
 */
export function sentAtOf({ sent_ago_ms: agoMs }: OwnedLine, claimedAt: number): number | null {
  if (agoMs === null) return null;
  return agoMs < 0 ? -Infinity : claimedAt - agoMs;
}

/** Readings that fail are made again so often: where GenAuth is there and asks to be asked later, and where it fails. */
const MAX_READS: Partial<Record<ErrorCode, number>> = {
  [ErrorCode.RATE_LIMITED]: MAX_PUT_OFF,
  [ErrorCode.UPSTREAM_UNAVAILABLE]: 10,
  [ErrorCode.UPSTREAM_TIMEOUT]: 10,
  [ErrorCode.UPSTREAM_REFUSED_CREDENTIALS]: 10,
};

/**
 * Whether a user whose kick has no clear answer, and who could not be read back, is read back later. Not counted are readings
 * that nobody makes, as while GenAuth is known to be away.
 * @param tried how often it has failed
 */
export const mayBeReadLater = (error: AppError, tried: number): boolean => tried < (MAX_READS[error.code] ?? 0);

/** The same of a line's own reading, and noted there if so. @param only if it failed of this */
export function readsLater(reading: Reading, error: AppError, only = error.code): boolean {
  if (error.code !== only || !mayBeReadLater(error, reading.tried.length)) return false;
  reading.tried += 'x';
  return true;
}
