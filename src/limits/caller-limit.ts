/** How many single kicks one caller may have in any minute, over all gateways of a database. */
import { hash } from 'node:crypto';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { identityKey, type Identity } from '../auth/principal';
import type { Logger } from '../observability/logger';
import { withPatience } from '../patience';
import type { Database } from '../store/database';
import { isReachable } from '../store/reachable';
import { CallerPermits } from './caller-permits';
import { returnPermits, takePermits } from './permits.repository';

const MINUTE_SECONDS = 60;
/** A database that takes longer than this is as good as gone: a kick doesn't wait for it. Milliseconds. */
const PATIENCE_MS = 500;
/** How often to tidy up, and to look whether a lost database is back. Milliseconds. */
const TIDY_EVERY_MS = 1000;

/** Of one caller, in the minute of `local` that is under way. */
interface Unbooked {
  kicks: number;
  /** By performance.now(). */
  lastAt: number;
}

/** A caller whose token is remembered is the same object each time. */
const keys = new WeakMap<Identity, string>();

/** Stands for a caller in the database: of one length, and without a name in it. */
function keyOf(caller: Identity): string {
  const key = keys.get(caller) ?? hash('sha256', identityKey(caller), 'base64url');
  keys.set(caller, key);
  return key;
}

export class CallerLimit {
  private readonly callers = new Map<string, CallerPermits>();
  /**
   * Counts along, and decides while the database can't: minutes of its own, each beginning with a caller's first kick, or
   * within a second after it.
   */
  private readonly local: RateLimiterMemory;
  /** Kicks that the database has admitted, which `local` has not counted yet. */
  private readonly admitted = new Map<string, number>();
  /** Kicks that `local` has admitted, which the database is to count when it is back. */
  private readonly unbooked = new Map<string, Unbooked>();
  private isDown = false;
  private tidying: Promise<void> | null = null;
  private readonly ticker: NodeJS.Timeout;

  constructor(
    private readonly database: Database,
    private readonly perMinute: number,
    private readonly log: Logger,
  ) {
    this.local = new RateLimiterMemory({ points: perMinute, duration: MINUTE_SECONDS });
    this.ticker = setInterval(() => {
      this.countAlong();
      this.tidying ??= this.tidy().finally(() => (this.tidying = null));
    }, TIDY_EVERY_MS).unref();
  }

  /** Counts one kick. @returns null: admitted; or the seconds until the next one can be. Never fails, never waits long. */
  async take(caller: Identity): Promise<number | null> {
    const key = keyOf(caller);
    // Asked in vain, it counts this one when it gets round to it, if it ever does.
    const isAsked = !this.isDown;
    const shared = isAsked ? await this.takeShared(key) : undefined;
    if (shared === null) this.admitted.set(key, (this.admitted.get(key) ?? 0) + 1);
    const retryAfterMs = shared === undefined ? await this.takeLocal(key, isAsked) : shared;
    return retryAfterMs === null ? null : Math.max(1, Math.ceil(retryAfterMs / 1000));
  }

  /** Gives back what was taken in advance. */
  async stop(): Promise<void> {
    clearInterval(this.ticker);
    await this.tidying;
    if (!this.isDown) await Promise.all([...this.callers.values()].map((permits) => permits.tidy(true)));
  }

  /** @returns undefined: the database can't tell */
  private async takeShared(key: string): Promise<number | null | undefined> {
    try {
      return await this.permitsOf(key).take();
    } catch (error) {
      if (!this.isDown) this.log.error({ err: error }, 'callers are limited by this gateway alone: no database');
      this.isDown = true;
      return undefined;
    }
  }

  private async takeLocal(key: string, isBooked: boolean): Promise<number | null> {
    this.countAlong();
    try {
      const { isFirstInDuration } = await this.local.consume(key);
      if (!isBooked) this.noteUnbooked(key, isFirstInDuration);
      return null;
    } catch (refusal) {
      if (refusal instanceof RateLimiterRes) return refusal.msBeforeNext;
      throw refusal;
    }
  }

  private noteUnbooked(key: string, isFirstOfItsMinute: boolean): void {
    const earlier = isFirstOfItsMinute ? 0 : (this.unbooked.get(key)?.kicks ?? 0);
    this.unbooked.set(key, { kicks: earlier + 1, lastAt: performance.now() });
  }

  /** Tells the database, or callers would have their limit once more, at each gateway. @throws when it can't be told */
  private async book(): Promise<void> {
    for (const [key, { kicks, lastAt }] of this.unbooked) {
      const isOver = performance.now() - lastAt > MINUTE_SECONDS * 1000;
      if (!isOver) await inTime(takePermits(this.database, key, kicks, 0, this.perMinute));
      const later = (this.unbooked.get(key)?.kicks ?? 0) - kicks;
      if (later > 0) this.unbooked.set(key, { kicks: later, lastAt: performance.now() });
      else this.unbooked.delete(key);
    }
  }

  /** All at once, as one by one they cost more than the permits do. `penalty` counts right away; its promise tells nothing more. */
  private countAlong(): void {
    for (const [key, count] of this.admitted) void this.local.penalty(key, count);
    this.admitted.clear();
  }

  private areBooked(): Promise<boolean> {
    return this.book().then(
      () => true,
      () => false,
    );
  }

  private permitsOf(key: string): CallerPermits {
    const known = this.callers.get(key);
    if (known !== undefined) return known;
    const source = {
      take: (wanted: number, extra: number) => inTime(takePermits(this.database, key, wanted, extra, this.perMinute)),
      giveBack: (slot: number, unused: number) => returnPermits(this.database, key, slot, unused),
    };
    const permits = new CallerPermits(source, this.perMinute, () => performance.now());
    this.callers.set(key, permits);
    return permits;
  }

  private async tidy(): Promise<void> {
    if (this.isDown && (await isReachable(this.database)) && (await this.areBooked())) {
      this.isDown = false;
      this.log.warn('callers are limited by all gateways together again');
      // Those that came while the others were told of.
      await this.areBooked();
    }
    for (const [key, permits] of this.callers) {
      if (!this.isDown) await permits.tidy();
      if (permits.isIdle) this.callers.delete(key);
    }
  }
}

const LATE = Symbol('late');

/** @throws when it takes too long */
async function inTime<T>(work: Promise<T>): Promise<T> {
  const result = await withPatience(work, PATIENCE_MS, LATE);
  if (result === LATE) throw new Error(`no answer in ${PATIENCE_MS} ms`);
  return result;
}
