/**
 * Stops calling a GenAuth that is down. Reads help to open it, but once a kick has failed, only a kick that is answered closes it:
 * that reads work says nothing of kicks.
 */
import {
  circuitBreaker,
  CircuitState,
  ConsecutiveBreaker,
  DelegateBackoff,
  handleWhen,
  type CircuitBreakerPolicy,
} from 'cockatiel';
import { AppError, ErrorCode, UntriedError } from '../errors';
import { isOutage } from './failures';

/** An open circuit lets one probe through after this many milliseconds. */
const HALF_OPEN_AFTER_MS = 5000;

/** Whoever has calls to make tries it by then; an open circuit that nobody tries says nothing of GenAuth any more. Milliseconds. */
const TRIED_WITHIN_MS = 2000;

/** A probe that was not sent after all. cockatiel would take it for a success, and close the circuit, were it not handled. */
class AbandonedProbe extends Error {
  override readonly name = 'AbandonedProbe';
  constructor(readonly reason: UntriedError) {
    super(reason.message);
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
  openings = 0;
  /** Since one was answered. */
  private hasKickFailed = false;

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
    if (this.phase === 'open') return this.isLookedFor || performance.now() < this.probeAt + TRIED_WITHIN_MS;
    return this.phase === 'half-open';
  }

  /** Somebody looks, past it, whether GenAuth is there. */
  isLookedFor = false;

  /** Nobody was there: as if a probe had failed. */
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

  /** For a kick. @throws {AppError} as {@link refuseIfOpen}; or whatever the attempt throws */
  async run<T>(attempt: () => Promise<T>): Promise<T> {
    if (this.policy === null) return attempt();
    this.refuseIfOpen();
    if (this.isProbeDue) return this.probe(this.policy, attempt);
    const { openings } = this;
    try {
      const result = await attempt();
      await this.noteKick(openings, null);
      return result;
    } catch (error) {
      if (!(error instanceof UntriedError)) await this.noteKick(openings, isOutage(error) ? error : null);
      throw error;
    }
  }

  /**
   * For a call that changes nothing. Its failures count like any; its success does unless kicks fail.
   * @throws {AppError} as {@link run}
   */
  async runRead<T>(attempt: () => Promise<T>): Promise<T> {
    if (this.policy === null) return attempt();
    this.refuseIfOpen();
    const { openings } = this;
    try {
      const result = await attempt();
      await this.noteRead(openings, null);
      return result;
    } catch (error) {
      if (!(error instanceof UntriedError)) await this.noteRead(openings, isOutage(error) ? error : null);
      throw error;
    }
  }

  /** @param outage null: it was answered */
  private async noteRead(openings: number, outage: Error | null): Promise<void> {
    // One from before the circuit opened, or that ends while a probe is under way, has nothing to say.
    if (this.openings !== openings || this.phase === 'half-open') return;
    if (outage === null && this.hasKickFailed) return;
    await this.tell(outage);
  }

  private async probe<T>(policy: CircuitBreakerPolicy, attempt: () => Promise<T>): Promise<T> {
    const watched = (): Promise<T> =>
      attempt().catch((error: unknown) => {
        throw error instanceof UntriedError ? new AbandonedProbe(error) : error;
      });
    try {
      const result = await policy.execute(watched);
      this.noteAnswered();
      return result;
    } catch (error) {
      if (error instanceof AbandonedProbe) throw error.reason;
      if (isOutage(error)) this.hasKickFailed = true;
      else this.noteAnswered();
      throw error;
    }
  }

  /** A kick was, whatever GenAuth said: for cockatiel only a success ends a row of failures. */
  private noteAnswered(): void {
    this.hasKickFailed = false;
    this.breaker.success();
  }

  /** @param outage null: it was answered, whatever GenAuth said */
  private async noteKick(openings: number, outage: Error | null): Promise<void> {
    // Of one from before the circuit opened, those that opened it have told as much. It would open once more, in the middle of a
    // probe, and the probe's success would be in vain. Nor does its answer say anything against what has failed since.
    if (this.openings === openings) await this.tell(outage);
    if (outage !== null) this.hasKickFailed = true;
    else if (this.openings === openings) this.hasKickFailed = false;
  }

  /**
   * Answers and outages take equally long to be told, or those of one moment would not count in the order in which they came.
   * @param outage null: an answer
   */
  private async tell(outage: Error | null): Promise<void> {
    const telling = this.policy?.execute(() => (outage === null ? Promise.resolve() : Promise.reject(outage)));
    await telling?.catch(() => undefined);
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
