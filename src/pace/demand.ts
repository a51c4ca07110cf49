/** How many calls a second a gateway could use: what it used in the last second, and what waits. */

/** Samples are this far apart, in milliseconds, and make up one second. */
export const SAMPLE_MS = 100;
const SAMPLES = 1000 / SAMPLE_MS;

/** Room to grow into, so that an even load needs no second thought. */
const HEADROOM = 1.25;
/** What waits should be gone in a tenth of a second. */
const PER_WAITING = 10;

export class Demand {
  private readonly counts = new Array<number>(SAMPLES).fill(0);
  private next = 0;

  /** @param granted calls that were let go since the start, every {@link SAMPLE_MS} */
  sample(granted: number): void {
    this.counts[this.next] = granted;
    this.next = (this.next + 1) % SAMPLES;
  }

  /** Calls a second. */
  perSecond(granted: number, waiting: number): number {
    const used = granted - (this.counts[this.next] ?? 0);
    return used * HEADROOM + waiting * PER_WAITING;
  }
}
