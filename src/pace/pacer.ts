/**
 * Spaces the calls of this process: a virtual scheduling algorithm (GCRA; ITU-T I.371, annex A) with two queues in front
 * of it, single kicks before jobs. It knows a rate, and neither where that comes from nor what a call is.
 */
import { AppError, ErrorCode } from '../errors';
import { HungUpError, type HangUp } from '../hang-up';
import type { Priority } from '../priority';
import { REAL_CLOCK, type Clock } from './clock';

/**
 * Lateness that is made up for, in milliseconds: timers and the event loop are late now and then, which must not cost
 * throughput. It is also the most that idling saves up.
 */
const TOLERANCE_MS = 40;
/** Below so many calls a second, lateness is small beside the space between calls, and one call more counts. */
const SLOW_PER_SECOND = 20;
const SLOW_TOLERANCE_MS = 10;

const GO = Promise.resolve();

interface Waiter {
  /** By the clock, in milliseconds. */
  deadline: number;
  go: () => void;
  refuse: (error: AppError) => void;
}

/** Calls a second. */
export interface Rate {
  now: number;
  /** What can be counted on within a second or so; turns are foretold by it. */
  soon: number;
}

export class Pacer {
  private readonly queues = { kick: new Set<Waiter>(), job: new Set<Waiter>() };
  /** When the next call may go; in the past: at once. */
  private freeAt = -Infinity;
  private spacingMs: number;
  private soonSpacingMs: number;
  private cancelTimer: (() => void) | null = null;
  /** Calls that were let go so far. */
  readonly granted: Record<Priority, number> = { kick: 0, job: 0 };

  constructor(
    private rate: Rate,
    private readonly clock: Clock = REAL_CLOCK,
  ) {
    this.spacingMs = 1000 / rate.now;
    this.soonSpacingMs = 1000 / rate.soon;
  }

  get waiting(): Readonly<Record<Priority, number>> {
    return { kick: this.queues.kick.size, job: this.queues.job.size };
  }

  get isWaitedFor(): boolean {
    return this.queues.kick.size > 0 || this.queues.job.size > 0;
  }

  /**
   * Resolves when one call may go, now.
   * @param withinMs a turn later than this is refused at once
   * @param hangUp takes the call out of its queue
   * @throws {AppError} RATE_LIMITED when the turn would come too late; a {@link HungUpError}
   */
  acquire(priority: Priority, withinMs = Infinity, hangUp?: HangUp): Promise<void> {
    if (hangUp?.aborted === true) return Promise.reject(new HungUpError());
    const now = this.clock.now();
    if (!this.isWaitedFor && this.take(now, priority)) return GO;
    const { kick, job } = this.queues;
    const ahead = priority === 'kick' ? kick.size : kick.size + job.size;
    const tooLateMs = this.turnInMs(now, ahead) - withinMs;
    if (tooLateMs > 0) return Promise.reject(tooLate(tooLateMs));
    const turn = this.enqueue(this.queues[priority], now + withinMs, hangUp);
    if (this.cancelTimer === null) this.letGo(now);
    return turn;
  }

  /** Takes effect at once: what was owed at the old rate is owed in calls, not in time. Those who come too late now are told. */
  setRate(rate: Rate): void {
    const now = this.clock.now();
    if (rate.now !== this.rate.now || rate.soon !== this.rate.soon) {
      this.rate = rate;
      const spacingMs = 1000 / rate.now;
      this.freeAt = now + (this.freeAt - now) * (spacingMs / this.spacingMs);
      this.spacingMs = spacingMs;
      this.soonSpacingMs = 1000 / rate.soon;
    }
    if (!this.isWaitedFor) return;
    this.refuseTheLate(now);
    this.letGo(now);
  }

  private enqueue(queue: Set<Waiter>, deadline: number, hangUp: HangUp | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (how: () => void): void => {
        queue.delete(waiter);
        hangUp?.removeEventListener('abort', onHangUp);
        how();
      };
      const onHangUp = (): void => settle(() => reject(new HungUpError()));
      const waiter: Waiter = {
        deadline,
        go: () => settle(resolve),
        refuse: (error) => settle(() => reject(error)),
      };
      queue.add(waiter);
      hangUp?.addEventListener('abort', onHangUp);
    });
  }

  private take(now: number, priority: Priority): boolean {
    const toleranceMs = this.rate.now < SLOW_PER_SECOND ? SLOW_TOLERANCE_MS : TOLERANCE_MS;
    const due = Math.max(this.freeAt, now - toleranceMs);
    if (due > now) return false;
    this.freeAt = due + this.spacingMs;
    this.granted[priority]++;
    return true;
  }

  /** How long until a call with so many before it goes. Milliseconds. */
  private turnInMs(now: number, ahead: number): number {
    const owed = Math.max(0, this.freeAt - now) / this.spacingMs;
    return (owed + ahead) * this.soonSpacingMs;
  }

  /** All whose turn it is; then waits for the next one's. */
  private letGo(now: number): void {
    this.cancelTimer?.();
    this.cancelTimer = null;
    const { kick } = this.queues;
    for (;;) {
      const priority = kick.size > 0 ? 'kick' : 'job';
      const [next] = this.queues[priority];
      if (next === undefined) return;
      if (next.deadline < now) next.refuse(tooLate(now - next.deadline));
      else if (this.take(now, priority)) next.go();
      else break;
    }
    this.cancelTimer = this.clock.after(this.freeAt - now, () => this.letGo(this.clock.now()));
  }

  private refuseTheLate(now: number): void {
    let ahead = 0;
    for (const waiter of [...this.queues.kick, ...this.queues.job]) {
      const tooLateMs = now + this.turnInMs(now, ahead) - waiter.deadline;
      if (tooLateMs > 0) waiter.refuse(tooLate(tooLateMs));
      else ahead++;
    }
  }
}

/** @param tooLateMs until when the queue will have become so much shorter */
const tooLate = (tooLateMs: number): AppError =>
  new AppError(ErrorCode.RATE_LIMITED, 'More calls wait for GenAuth than it takes in time; nothing was sent.', {
    retryAfterSeconds: Math.max(1, Math.ceil(tooLateMs / 1000)),
  });
