/** The pace of all calls to GenAuth: when each may go, so that all gateways together stay below one cap. */
import type { HangUp } from '../hang-up';
import type { Logger } from '../observability/logger';
import type { Priority } from '../priority';
import type { Database } from '../store/database';
import { Demand, SAMPLE_MS } from './demand';
import { Lease, type Wish } from './lease';
import { limitsOf, type PaceLimits } from './limits';
import { Pacer, type Rate } from './pacer';
import { Throttle } from './throttle';

/** For the metrics and for foretelling when a job ends. Rates in calls a second, throttling included. */
export interface PaceStatus {
  /** What this gateway may send. */
  ownPerSecond: number;
  /** What all gateways together may send. */
  allPerSecond: number;
  /** 1, or less after GenAuth's HTTP 429. */
  throttleFactor: number;
  waiting: Readonly<Record<Priority, number>>;
}

export class Pace {
  private readonly limits: PaceLimits;
  private readonly throttle: Throttle;
  private readonly demand = { kick: new Demand(), job: new Demand() };
  private readonly pacer: Pacer;
  private readonly ticker: NodeJS.Timeout;
  private info = (): Record<string, unknown> => ({});
  private isThrottled = false;
  private hasNews = false;

  /** @param lease null: there are no other gateways */
  private constructor(
    cap: number,
    private readonly lease: Lease | null,
    now: () => number,
  ) {
    this.limits = limitsOf(cap);
    this.throttle = new Throttle(now);
    this.pacer = new Pacer(this.rate);
    this.ticker = setInterval(() => this.tick(), SAMPLE_MS).unref();
  }

  /** @param cap calls a second, of all gateways that share the database */
  static async start(database: Database, cap: number, log: Logger): Promise<Pace> {
    const now = () => performance.now();
    // No other process can have the embedded database open.
    const lease = database.kind === 'embedded' ? null : new Lease(database, limitsOf(cap), log, now);
    const pace = new Pace(cap, lease, now);
    await pace.renew();
    return pace;
  }

  /**
   * Resolves when one call may go, now.
   * @param withinMs a turn later than this is refused at once
   * @throws {AppError} RATE_LIMITED when the turn would come too late; UPSTREAM_UNAVAILABLE after `hangUp`
   */
  acquire(priority: Priority, withinMs: number, hangUp?: HangUp): Promise<void> {
    const turn = this.pacer.acquire(priority, withinMs, hangUp);
    if (this.pacer.isWaitedFor) this.renewIfDue();
    return turn;
  }

  /** GenAuth has answered a call with HTTP 429: everybody slows down, this gateway at once. */
  noteThrottled(): void {
    this.throttle.note();
    this.isThrottled = true;
    this.applyRate();
    this.renewIfDue();
  }

  /** Tells the other gateways something, as it is at each renewal; they find it in `pace_gateways`. */
  share(info: () => Record<string, unknown>): void {
    this.info = info;
    this.hasNews = true;
    this.renewIfDue();
  }

  get status(): PaceStatus {
    const { factor } = this.throttle;
    return {
      ownPerSecond: this.rate.now,
      allPerSecond: this.limits.usable * factor,
      throttleFactor: factor,
      waiting: this.pacer.waiting,
    };
  }

  /** Gives the share back. No call may follow. */
  async stop(): Promise<void> {
    clearInterval(this.ticker);
    await this.lease?.stop();
  }

  private get rate(): Rate {
    const { usable } = this.limits;
    const { now, soon } = this.lease?.rate ?? { now: usable, soon: usable };
    const { factor } = this.throttle;
    return { now: now * factor, soon: soon * factor };
  }

  /** What to ask for: shares are divided as if nobody were throttled. */
  private get wish(): Wish {
    const { waiting, granted } = this.pacer;
    const perSecond = (of: Priority) => this.demand[of].perSecond(granted[of], waiting[of]) / this.throttle.factor;
    const kicks = perSecond('kick');
    const { cap } = this.limits;
    return { demand: Math.min(cap, kicks + perSecond('job')), kickDemand: Math.min(cap, kicks) };
  }

  private tick(): void {
    this.demand.kick.sample(this.pacer.granted.kick);
    this.demand.job.sample(this.pacer.granted.job);
    this.applyRate();
    this.renewIfDue();
  }

  private applyRate(): void {
    this.pacer.setRate(this.rate);
  }

  private renewIfDue(): void {
    if (this.lease?.isDue(this.wish, this.hasNews || this.isThrottled) === true) void this.renew();
  }

  private async renew(): Promise<void> {
    if (this.lease === null) return;
    const { isThrottled } = this;
    const info = this.info();
    this.isThrottled = false;
    this.hasNews = false;
    const grant = await this.lease.renew(this.wish, { isThrottled, info });
    if (grant === null) {
      // To be told once the database is back.
      this.isThrottled ||= isThrottled;
      return;
    }
    // A 429 in the meantime is not part of what was agreed on; the next answer will have it.
    if (!this.isThrottled) this.throttle.adopt(grant.throttle);
    this.applyRate();
  }
}
