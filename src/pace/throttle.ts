/** How GenAuth's HTTP 429 slows everyone: halved at once, recovering step by step. Pure but for the clock it is given. */

/** What was last decided, by this gateway or by any other. Times are ages in milliseconds; Infinity: never. */
export interface ThrottleState {
  /** Of the pace, as of the last 429. */
  factor: number;
  sinceHalvedMs: number;
  sinceThrottledMs: number;
}

const LEAST = 0.1;
/** Each second without a 429 gives so much back. */
const STEP = 0.1;
const STEP_MS = 1000;
/** Calls that were under way when the pace was halved may still be refused; they don't halve it again. */
const HALVE_EVERY_MS = 1000;

export class Throttle {
  private base = 1;
  private halvedAt = -Infinity;
  private throttledAt = -Infinity;

  constructor(private readonly now: () => number) {}

  /** What the pace is to be multiplied with, now: 0.1 to 1. */
  get factor(): number {
    const steps = Math.floor((this.now() - this.throttledAt) / STEP_MS);
    return Math.min(1, this.base + STEP * steps);
  }

  /** GenAuth has refused a call because of its limit. */
  note(): void {
    const now = this.now();
    const { factor } = this;
    if (now - this.halvedAt >= HALVE_EVERY_MS) {
      this.base = Math.max(LEAST, factor / 2);
      this.halvedAt = now;
    } else this.base = factor;
    this.throttledAt = now;
  }

  /** Takes over what all gateways have agreed on. A 429 of the future is one of now: whose clock it was has been set back. */
  adopt({ factor, sinceHalvedMs, sinceThrottledMs }: ThrottleState): void {
    const now = this.now();
    this.base = Math.min(1, Math.max(LEAST, factor));
    this.halvedAt = now - Math.max(0, sinceHalvedMs);
    this.throttledAt = now - Math.max(0, sinceThrottledMs);
  }
}
