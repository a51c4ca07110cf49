/** This gateway's share of the pace, leased from the database it has in common with others. */
import { randomUUID } from 'node:crypto';
import type { Logger } from '../observability/logger';
import type { Database } from '../store/database';
import type { PaceLimits } from './limits';
import { giveShareBack, renewShare, type Grant, type Report } from './pace.repository';
import type { Rate } from './pacer';

/** As in `pace_renew`. By then, the database takes a share for free; we stop earlier, as we count from our asking. */
const LEASE_MS = 2000;
const RENEW_EVERY_MS = 500;
/** With less than it could use, a gateway asks more often: the others may have let go of something. */
const ASK_EVERY_MS = 200;
/** However urgent, there are no two questions in less than this. */
const ASK_AT_MOST_EVERY_MS = 75;
/** A demand is news when it has grown by so much. */
const GROWN = 1.2;

/** For a gateway that has never been told how many there are. */
const GUESSED_GATEWAYS = 4;

/** Calls a second that a gateway could use. */
export type Wish = Pick<Report, 'demand' | 'kickDemand'>;
export type News = Omit<Report, 'held' | keyof Wish>;

export class Lease {
  private readonly id = randomUUID();
  private grant: Pick<Grant, 'share' | 'base' | 'kicksSoon'>;
  private endsAt = -Infinity;
  private askedAt = -Infinity;
  private told: Wish = { demand: 0, kickDemand: 0 };
  /** The database still counts a greater share of ours than we have taken. */
  private isUnconfirmed = false;
  private asking: Promise<Grant | null> | null = null;
  private isFailing = false;
  private isStopped = false;

  constructor(
    private readonly database: Database,
    private readonly limits: PaceLimits,
    private readonly log: Logger,
    private readonly now: () => number,
  ) {
    const base = limits.reserve / GUESSED_GATEWAYS;
    this.grant = { share: base, base, kicksSoon: base };
  }

  private get isRunning(): boolean {
    return this.now() < this.endsAt;
  }

  /** Calls a second: the share while the lease runs, then its part of the reserve. */
  get rate(): Rate {
    const { share, base, kicksSoon } = this.grant;
    if (!this.isRunning) return { now: base, soon: base };
    return { now: share, soon: Math.max(share, kicksSoon) };
  }

  /** Whether the database should be asked now, given what could be used and whether there is something to tell. */
  isDue({ demand, kickDemand }: Wish, hasNews: boolean): boolean {
    const sinceMs = this.now() - this.askedAt;
    if (this.asking !== null || this.isStopped || sinceMs < ASK_AT_MOST_EVERY_MS) return false;
    if (sinceMs >= RENEW_EVERY_MS) return true;
    if (this.isFailing) return false;
    const isShort = demand > this.rate.now;
    return (
      (isShort && sinceMs >= ASK_EVERY_MS) ||
      (isShort && (demand > this.told.demand * GROWN || kickDemand > this.told.kickDemand * GROWN)) ||
      this.isUnconfirmed ||
      hasNews
    );
  }

  /** @returns what was granted; null when the database can't be asked, which is logged */
  renew(wish: Wish, news: News): Promise<Grant | null> {
    this.asking ??= this.ask(wish, news).finally(() => (this.asking = null));
    return this.asking;
  }

  /** Gives the share back. */
  async stop(): Promise<void> {
    this.isStopped = true;
    await this.asking;
    await giveShareBack(this.database, this.id).catch(() => undefined);
  }

  private async ask(wish: Wish, news: News): Promise<Grant | null> {
    this.askedAt = this.now();
    this.told = wish;
    const endsAt = this.askedAt + LEASE_MS;
    const held = this.rate.now;
    try {
      const grant = await renewShare(this.database, this.id, this.limits, { held, ...wish, ...news });
      this.isUnconfirmed = grant.share < held;
      this.grant = grant;
      this.endsAt = endsAt;
      if (this.isFailing) this.log.warn('the pace of calls to GenAuth is shared again');
      this.isFailing = false;
      return grant;
    } catch (error) {
      if (!this.isFailing) this.log.error({ err: error }, 'the pace of calls to GenAuth can not be shared');
      this.isFailing = true;
      return null;
    }
  }
}
