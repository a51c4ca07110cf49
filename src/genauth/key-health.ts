/** Whether GenAuth takes our key: learnt from real calls, and asked again only while it is refused. */
import { ErrorCode } from '../errors';
import type { RecordedCode } from '../hang-up';

/** While the key is refused, one read this often asks whether it still is. Milliseconds. */
const ASK_AGAIN_MS = 10_000;

/** Codes that say GenAuth looked at the request itself, so it had taken the signature. */
const ACCEPTED: ReadonlySet<RecordedCode | null> = new Set([
  null,
  ErrorCode.USER_NOT_FOUND,
  ErrorCode.APP_NOT_FOUND,
  ErrorCode.REJECTED,
]);

export class KeyHealth {
  private timer: NodeJS.Timeout | null = null;
  private isAsking = false;
  private isStopped = false;

  /**
   * @param askAgain one cheap signed read; its attempt is reported to {@link note} like any other
   * @param everyMs how often to ask while the key is refused
   */
  constructor(
    private readonly askAgain: () => Promise<void>,
    private readonly everyMs: number = ASK_AGAIN_MS,
  ) {}

  get isRefused(): boolean {
    return this.timer !== null;
  }

  /** Takes in how one attempt ended; null stands for success. */
  note(code: RecordedCode | null): void {
    if (this.isStopped) return;
    if (code === ErrorCode.UPSTREAM_REFUSED_CREDENTIALS) {
      this.timer ??= setInterval(() => void this.ask(), this.everyMs).unref();
    } else if (ACCEPTED.has(code)) this.clear();
  }

  /** No asking from now on, whatever calls that are still under way come to. */
  stop(): void {
    this.isStopped = true;
    this.clear();
  }

  private clear(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
  }

  /** Its outcome comes back through note(); a failure to ask changes nothing. */
  private async ask(): Promise<void> {
    if (this.isAsking) return;
    this.isAsking = true;
    await this.askAgain().catch(() => undefined);
    this.isAsking = false;
  }
}
