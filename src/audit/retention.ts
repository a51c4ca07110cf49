/** Erases personal data of old records, now and then. The records stay, and the chain with them. */
import type { Logger } from '../observability/logger';
import type { AuditService } from './audit.service';

const DAY_MS = 24 * 60 * 60 * 1000;
/** How often to look. Milliseconds. */
const EVERY_MS = 60 * 60 * 1000;
/** In one statement: the database gives up one that takes seconds, and kicks must not wait for it. */
const BATCH_SIZE = 1000;

/** Who is on record for an erasure that nobody in particular asked for. */
const RETENTION = { actor: 'gateway', issuer: 'local', requestId: 'retention', action: 'TARGETS_ERASED' } as const;

/** Erases some of what is older, at most `limit`. @returns how many it was; 0: there is no more */
export type Eraser = (before: Date, limit: number) => Promise<number>;

export class Retention {
  private readonly timer: NodeJS.Timeout;
  /** Null: none is. */
  private running: Promise<void> | null = null;
  private isStopping = false;

  /**
   * @param erasers by what they erase, as the record of it counts them
   * @param days personal data is kept so long
   */
  constructor(
    private readonly erasers: Readonly<Record<string, Eraser>>,
    private readonly audit: AuditService,
    private readonly days: number,
    private readonly log: Logger,
  ) {
    const run = (): void => {
      // A very first one, over years of records, may take longer than that.
      this.running ??= this.run().finally(() => (this.running = null));
    };
    run();
    this.timer = setInterval(run, EVERY_MS).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    this.isStopping = true;
    await this.running;
  }

  private async run(): Promise<void> {
    // Dates begin in 1970 for our purpose: a retention of any length is one of at most that.
    const before = new Date(Math.max(0, Date.now() - this.days * DAY_MS));
    const erased: Record<string, number> = {};
    for (const [what, erase] of Object.entries(this.erasers)) {
      erased[what] = 0;
      try {
        // Counted batch by batch: what was erased before one fails is on record all the same.
        for (let count = 1; count > 0 && !this.isStopping; erased[what] += count)
          count = await erase(before, BATCH_SIZE);
      } catch (error) {
        this.log.error({ err: error, what }, 'personal data can not be erased');
      }
    }
    if (Object.values(erased).every((count) => count === 0)) return;
    this.log.info(erased, 'personal data erased');
    this.audit.after({ ...RETENTION, details: { ...erased, before: before.toISOString() } });
  }
}
