/**
 * When to try again, and when not to try at all.
 *
 * A kick repeated at once is harmless: the user is out already. A kick repeated late throws out a user who has come
 * back in the meantime. So all attempts of a mutation share one deadline, and nothing is sent after it.
 */
import {
  circuitBreaker,
  CircuitState,
  ConsecutiveBreaker,
  DelegateBackoff,
  handleWhen,
  type CircuitBreakerPolicy,
} from 'cockatiel';
import { AppError, ErrorCode } from '../errors';
import { UntriedError } from './failures';

/** The longest waits before the second and the third attempt, in milliseconds. */
const LONGEST_WAITS_MS = [100, 300] as const;

/** An open circuit lets one probe through after this many milliseconds. */
const HALF_OPEN_AFTER_MS = 5000;

/** Whoever has calls to make tries it by then; an open circuit that nobody tries says nothing of GenAuth any more. Milliseconds. */
const TRIED_WITHIN_MS = 2000;

const TOO_LATE = 'A call made so late could throw out a user who has come back; nothing was sent.';

/** A point in time that all attempts of one mutation share. Monotonic, so a stepped clock neither stretches nor cuts it. */
export class Deadline {
  private readonly endsAt: number;
  /** @param sendBy by `performance.now()`: nothing is sent later than this, though answers are waited for */
  constructor(
    timeoutMs: number,
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
  /** @throws {UntriedError} when it is too late to send, whatever time is left for an answer */
  refuseIfLate(): void {
    if (performance.now() > this.sendBy) throw new UntriedError(ErrorCode.UPSTREAM_UNAVAILABLE, TOO_LATE);
  }
}

/**
 * How long to wait before another attempt, in milliseconds; null when there should be none.
 * Full jitter, so that gateways that failed together don't come back together.
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

/** Failures that say GenAuth is down, not that it dislikes the request: 5xx, no answer in time, no connection. */
export const isOutage = (error: unknown): boolean =>
  error instanceof AppError &&
  !(error instanceof UntriedError) &&
  (error.code === ErrorCode.UPSTREAM_UNAVAILABLE || error.code === ErrorCode.UPSTREAM_TIMEOUT);

/** A probe that was not sent after all. cockatiel would take it for a success, and close the circuit, were it not handled. */
class AbandonedProbe extends Error {
  override readonly name = 'AbandonedProbe';
  constructor(readonly reason: UntriedError) {
    super(reason.message);
  }
}

/**
 * Of an attempt from before the circuit opened: those that opened it have told as much. cockatiel would open it once more, in the
 * middle of a probe, and the probe's success would be in vain.
 */
class BygoneFailure extends Error {
  override readonly name = 'BygoneFailure';
  constructor(readonly reason: unknown) {
    super('From before the circuit opened.');
  }
}

/** The next caller makes up for an abandoned probe, or those that are not sent would keep the circuit open. Milliseconds. */
const waitForProbe = (reason: object): number =>
  'error' in reason && reason.error instanceof AbandonedProbe ? 0 : HALF_OPEN_AFTER_MS;

export type CircuitStateName = 'closed' | 'open' | 'half-open';

/** Refuses calls in no time while GenAuth is down, so that an outage neither ties up callers nor hammers GenAuth. */
export class Circuit {
  private readonly policy: CircuitBreakerPolicy | null;
  private readonly breaker: ConsecutiveBreaker;
  /** By performance.now(), while it is open. */
  private probeAt = 0;
  /** How often it has opened. */
  private openings = 0;

  /**
   * @param failures how many failed attempts in a row open it; 0 switches it off
   * @param onChange told of each change of state
   */
  constructor(failures: number, onChange: (state: CircuitStateName) => void) {
    this.breaker = new ConsecutiveBreaker(failures);
    if (failures === 0) {
      this.policy = null;
      return;
    }
    const counts = handleWhen((error) => isOutage(error) || error instanceof AbandonedProbe);
    // The time is kept here: cockatiel goes by a clock that can be set back, and would stay open for as long.
    const halfOpenAfter = new DelegateBackoff(() => -Infinity);
    this.policy = circuitBreaker(counts, { halfOpenAfter, breaker: this.breaker });
    this.policy.onBreak((reason) => {
      this.probeAt = performance.now() + waitForProbe(reason);
      this.openings++;
    });
    this.policy.onStateChange(() => onChange(this.phase));
  }

  /** `open`: calls are refused; `half-open`: one may find out, or is doing so. */
  get state(): CircuitStateName {
    return this.isProbeDue ? 'half-open' : this.phase;
  }

  /** Whether one call may find out, and none is doing so. */
  get isProbeDue(): boolean {
    return this.phase === 'open' && this.reopensInMs === 0;
  }

  /** Whether it says that GenAuth is away. It stops to when nobody has tried for a while: an outage is told by who calls. */
  get isAway(): boolean {
    if (this.phase === 'open') return performance.now() < this.probeAt + TRIED_WITHIN_MS;
    return this.phase === 'half-open';
  }

  /** Somebody has looked, past it, and GenAuth is still away: as if a probe had failed. */
  stayOpen(): void {
    if (this.phase === 'open') this.probeAt = performance.now() + HALF_OPEN_AFTER_MS;
  }

  /** Milliseconds until an open circuit lets a probe through; 0 when it isn't open. */
  get reopensInMs(): number {
    return this.phase === 'open' ? Math.max(0, Math.round(this.probeAt - performance.now())) : 0;
  }

  /** @throws {AppError} UPSTREAM_UNAVAILABLE, nothing sent, while the circuit is open or its one probe is under way */
  refuseIfOpen(): void {
    // cockatiel would make further callers wait for the probe; they are told at once instead.
    if (this.phase === 'half-open' || this.reopensInMs > 0) throw this.refusal();
  }

  /** @throws {AppError} as {@link refuseIfOpen}; or whatever the attempt throws */
  async run<T>(attempt: () => Promise<T>): Promise<T> {
    if (this.policy === null) return attempt();
    this.refuseIfOpen();
    const { isProbeDue: isProbe, openings } = this;
    const watched = (): Promise<T> =>
      attempt().catch((error: unknown) => {
        if (!isProbe) throw this.openings === openings ? error : new BygoneFailure(error);
        throw error instanceof UntriedError ? new AbandonedProbe(error) : error;
      });
    try {
      return await this.policy.execute(watched);
    } catch (error) {
      if (error instanceof AbandonedProbe || error instanceof BygoneFailure) throw error.reason;
      // For cockatiel only a success ends a row of failures; here any answer of a GenAuth that is up does.
      if (!isOutage(error) && !(error instanceof UntriedError)) this.breaker.success();
      throw error;
    }
  }

  /** An open circuit stays so until it is tried. */
  private get phase(): CircuitStateName {
    if (this.policy?.state === CircuitState.Open) return 'open';
    return this.policy?.state === CircuitState.HalfOpen ? 'half-open' : 'closed';
  }

  private refusal(): AppError {
    return new AppError(
      ErrorCode.UPSTREAM_UNAVAILABLE,
      'GenAuth has been failing, so the gateway has stopped calling it for some seconds; nothing was sent.',
      { retryAfterSeconds: Math.max(1, Math.ceil(this.reopensInMs / 1000)) },
    );
  }
}
