import type { Call } from './call';

/** One call as the emulator received it, throttled and faulted ones included. */
export interface ReceivedCall extends Call {
  /** Whether its HMAC or token was right in itself; dates and nonces apart. */
  signatureValid: boolean;
}

/** The last calls and the count of all. */
export class ReceivedLog {
  /** Newest last. The same array for the emulator's life. */
  readonly calls: ReceivedCall[] = [];
  private readonly counts = new Map<string, number>();

  constructor(private readonly limit: number) {}

  add(call: ReceivedCall): void {
    this.counts.set(call.path, (this.counts.get(call.path) ?? 0) + 1);
    if (this.limit === 0) return;
    this.calls.push(call);
    // Cut in one go now and then: taking one from the head at each call would move the whole array each time.
    if (this.calls.length > this.limit * 2) this.calls.splice(0, this.calls.length - this.limit);
  }

  /** Calls of one path, or of all, since the start or the last `clear`; exact when the log itself has been cut. */
  count(path?: string): number {
    if (path !== undefined) return this.counts.get(path) ?? 0;
    return [...this.counts.values()].reduce((sum, count) => sum + count, 0);
  }

  clear(): void {
    this.calls.length = 0;
    this.counts.clear();
  }
}
