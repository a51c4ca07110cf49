/** Erases personal data of old records, now and then. The records stay, and the chain with them. */
import type { Logger } from '../observability/logger';
import type { AuditService } from './audit.service';

const DAY_MS = 24 * 60 * 60 * 1000;
/** How often to look. Milliseconds. */
const EVERY_MS = 60 * 60 * 1000;

/** Who is on record for an erasure that nobody in particular asked for. */
const RETENTION = { actor: 'gateway', issuer: 'local', requestId: 'retention', action: 'TARGETS_ERASED' } as const;

export class Retention {
  private readonly timer: NodeJS.Timeout;
  private running: Promise<void>;

  /**
   * @param erase what is older, wherever it stands; answers how many records it was
   * @param days personal data is kept so long
   */
  constructor(
    private readonly erase: (before: Date) => Promise<number>,
    private readonly audit: AuditService,
    private readonly days: number,
    private readonly log: Logger,
  ) {
    this.running = this.run();
    this.timer = setInterval(() => {
      this.running = this.run();
    }, EVERY_MS).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }

  private async run(): Promise<void> {
    // Dates begin in 1970 for our purpose: a retention of any length is one of at most that.
    const before = new Date(Math.max(0, Date.now() - this.days * DAY_MS));
    try {
      const records = await this.erase(before);
      if (records === 0) return;
      this.log.info({ records }, 'personal data erased');
      this.audit.after({ ...RETENTION, details: { records, before: before.toISOString() } });
    } catch (error) {
      this.log.error({ err: error }, 'personal data can not be erased');
    }
  }
}
