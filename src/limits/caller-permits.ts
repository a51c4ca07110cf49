/** One caller's kicks at this gateway: those that arrive together ask together, and a busy caller's a little in advance. */

/** How permits are got and given back; either may fail. */
export interface PermitSource {
  take: (wanted: number, extra: number) => Promise<{ granted: number; slot: number; retryAfterMs: number | null }>;
  giveBack: (slot: number, unused: number) => Promise<void>;
}

/** Permits taken in advance are used in this time or given back. Milliseconds. */
const FRESH_MS = 1000;
/** Taking fewer in advance saves nobody anything. */
const LEAST_SLICE = 10;

interface Waiter {
  /** @param retryAfterMs null: admitted */
  resolve: (retryAfterMs: number | null) => void;
  reject: (error: unknown) => void;
}

export class CallerPermits {
  private waiting: Waiter[] = [];
  private isAsking = false;
  private stock = { count: 0, slot: 0, endsAt: -Infinity };
  /** Admissions in the second that began then, and in the one before. */
  private counting = { since: -Infinity, count: 0, before: 0 };

  /** @param perMinute kicks of one caller */
  constructor(
    private readonly source: PermitSource,
    private readonly perMinute: number,
    private readonly now: () => number,
  ) {}

  /** @returns null: admitted; or milliseconds until the next permit is free. @throws what the source throws */
  take(): Promise<number | null> {
    if (this.fromStock(1) === 1) return Promise.resolve(null);
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      if (!this.isAsking) void this.ask();
    });
  }

  /** Gives back what was taken in advance and has become too old. @param isLast whether or not it has */
  async tidy(isLast = false): Promise<void> {
    const { count, slot, endsAt } = this.stock;
    if (count === 0 || (!isLast && this.now() < endsAt)) return;
    this.stock.count = 0;
    // What can't be given back comes free with the minute.
    await this.source.giveBack(slot, count).catch(() => undefined);
  }

  /** Nothing is kept here that would be missed. */
  get isIdle(): boolean {
    return this.waiting.length === 0 && !this.isAsking && this.stock.count === 0 && this.recent() === 0;
  }

  private async ask(): Promise<void> {
    this.isAsking = true;
    while (this.waiting.length > 0) {
      void this.tidy();
      for (const { resolve } of this.waiting.splice(0, this.fromStock(this.waiting.length))) resolve(null);
      // While one question is under way, the next one's callers gather.
      if (this.waiting.length > 0) await this.askFor(this.waiting.splice(0));
    }
    this.isAsking = false;
  }

  /** @returns how many of those wanted there are */
  private fromStock(wanted: number): number {
    const { count, endsAt } = this.stock;
    const taken = this.now() < endsAt ? Math.min(wanted, count) : 0;
    this.stock.count -= taken;
    this.count(taken);
    return taken;
  }

  private async askFor(batch: readonly Waiter[]): Promise<void> {
    const slice = Math.min(Math.floor(this.perMinute / 60), this.recent());
    const endsAt = this.now() + FRESH_MS;
    try {
      const { granted, slot, retryAfterMs } = await this.source.take(batch.length, slice >= LEAST_SLICE ? slice : 0);
      const admitted = Math.min(granted, batch.length);
      this.count(admitted);
      this.stock = { count: granted - admitted, slot, endsAt };
      batch.forEach(({ resolve }, index) => resolve(index < admitted ? null : (retryAfterMs ?? FRESH_MS)));
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  private count(admitted: number): void {
    this.recent();
    this.counting.count += admitted;
  }

  /** Admissions in the last second, about. */
  private recent(): number {
    const now = this.now();
    const { since, count } = this.counting;
    const seconds = Math.floor((now - since) / 1000);
    if (seconds > 0) this.counting = { since: now, count: 0, before: seconds === 1 ? count : 0 };
    return this.counting.count + this.counting.before;
  }
}
