/**
 * When to try again, and when not to try at all.
 *
 * A kick repeated at once is harmless: the user is out already. A kick repeated late throws out a user who has come
 * back in the meantime. So all attempts of a mutation share one deadline, and nothing is sent after it.
 */
import { ErrorCode, UntriedError, type AppError } from '../errors';

/** The longest waits before the second and the third attempt, in milliseconds. */
const LONGEST_WAITS_MS = [100, 300] as const;

const TOO_LATE = 'A call made so late could throw out a user who has come back; nothing was sent.';

/** Where so little of the time is left, an answer would hardly come: sent then, a call would end in doubt. Of the whole. */
const TOO_LITTLE = 0.1;

/** A point in time that all attempts of one mutation share. Monotonic, so a stepped clock neither stretches nor cuts it. */
export class Deadline {
  private readonly endsAt: number;
  /** @param sendBy by `performance.now()`: nothing is sent later than this, though answers are waited for */
  constructor(
    private readonly timeoutMs: number,
    private readonly sendBy = Infinity,
  ) {
    this.endsAt = performance.now() + timeoutMs;
  }
  remainingMs(): number {
    return Math.max(0, this.endsAt - performance.now());
  }
  maySend(): boolean {
    return this.remainingMs() > 0 && performance.now() <= this.sendBy;
  }
  /** Whether an answer can still be hoped for. */
  get isWorthIt(): boolean {
    return this.remainingMs() > this.timeoutMs * TOO_LITTLE;
  }
  /** @throws {UntriedError} when it is too late to send, whatever time is left for an answer */
  refuseIfLate(): void {
    refuseAfter(this.sendBy);
  }
}

export const tooLate = (): UntriedError => new UntriedError(ErrorCode.UPSTREAM_UNAVAILABLE, TOO_LATE);

/** @throws {UntriedError} when it is later than this, by `performance.now()` */
export function refuseAfter(sendBy: number): void {
  if (performance.now() > sendBy) throw tooLate();
}

/**
 * How long to wait before another attempt, in milliseconds; null when there should be none.
 * Half of it is left to chance, so that gateways that failed together don't come back together.
 * @param attempt the number of the attempt that failed, from 1
 * @param random in [0, 1)
 */
export function waitBeforeRetry(error: AppError, attempt: number, deadline: Deadline, random: number): number | null {
  const longest = LONGEST_WAITS_MS[attempt - 1];
  if (longest === undefined || !error.isRetryable) return null;
  // Coming back sooner than GenAuth asked for would be refused again, and counted against everyone.
  const asked = (error.retryAfterSeconds ?? 0) * 1000;
  if (asked > longest) return null;
  const waitMs = Math.max(asked, longest * (0.5 + random / 2));
  return waitMs < deadline.remainingMs() ? waitMs : null;
}
