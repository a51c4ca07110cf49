/** Tells the log where the chain ends: kept there, it proves that nothing was cut off before it. */
import { withInfo, type Logger } from '../observability/logger';
import type { ChainHead } from './audit.repository';

/** How often, if it has moved. Milliseconds. */
const EVERY_MS = 60_000;

export class HeadLog {
  private readonly log: Logger;
  private loggedHash = '';
  private readonly timer: NodeJS.Timeout;

  constructor(
    log: Logger,
    private readonly head: () => ChainHead | null,
  ) {
    this.log = withInfo(log);
    this.timer = setInterval(() => this.write(), EVERY_MS).unref();
  }

  /** Once more. */
  stop(): void {
    clearInterval(this.timer);
    this.write();
  }

  private write(): void {
    const head = this.head();
    if (head === null || head.hash === this.loggedHash) return;
    this.loggedHash = head.hash;
    this.log.info({ ...head }, 'audit head');
  }
}
