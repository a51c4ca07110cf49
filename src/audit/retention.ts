/** Erases personal data of old records, now and then. The records stay, and the chain with them. */
import type { Logger } from '../observability/logger';
import type { AuditService } from './audit.service';

const DAY_MS = 24 * 60 * 60 * 1000;
/** How often to look. Milliseconds. */
const EVERY_MS = 60 * 60 * 1000;
/** Records in one statement: the database gives up one that takes seconds, and kicks must not wait for it. */
const BATCH_SIZE = 1000;

/** Who is on record for an erasure that nobody in particular asked for. */
const RETENTION = { actor: 'gateway', issuer: 'local', requestId: 'retention', action: 'TARGETS_ERASED' } as const;

export class Retention {
  private readonly timer: NodeJS.Timeout;
  /** Null: none is. */
  private running: Promise<void> | null = null;
  private isStopping = false;

  /**
   * @param erase some of what is older, wherever it stands, at most `limit` of a kind; answers how many records it was
   * @param days personal data is kept so long
   */
  constructor(
    private readonly erase: (before: Date, limit: number) => Promise<number>,
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
    let records = 0;
    try {
      for (let erased = 1; erased > 0 && !this.isStopping; records += erased) {
        erased = await this.erase(before, BATCH_SIZE);
      }
    } catch (error) {
      this.log.error({ err: error }, 'personal data can not be erased');
    }
    if (records === 0) return;
    this.log.info({ records }, 'personal data erased');
    this.audit.after({ ...RETENTION, details: { records, before: before.toISOString() } });
  }
}
