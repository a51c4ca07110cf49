/**
 * Finds out whether GenAuth is back before a job's line does: the line's kick would be in doubt if it isn't, so an outage of an
 * hour would leave seven hundred users UNKNOWN, one for each probe of the circuit. What goes ahead is a read, which changes nothing.
 */

/** What was seen is good for so long: enough for one line to be begun. Milliseconds. */
const GOOD_MS = 1000;
/** From one look that found nobody to the next: the circuit's own time. Milliseconds. */
const EVERY_MS = 5000;

export class Scout {
  private goodUntil = -Infinity;
  private notBefore = -Infinity;
  private isOut = false;

  /** @param look whether GenAuth answers at all */
  constructor(private readonly look: () => Promise<boolean>) {}

  /** Whether GenAuth has just answered. If not, it is asked, for the next time. */
  get hasSeenGenAuth(): boolean {
    const now = performance.now();
    if (now < this.goodUntil) return true;
    if (!this.isOut && now >= this.notBefore) void this.goAhead();
    return false;
  }

  private async goAhead(): Promise<void> {
    this.isOut = true;
    const isThere = await this.look().catch(() => false);
    this.isOut = false;
    if (isThere) this.goodUntil = performance.now() + GOOD_MS;
    else this.notBefore = performance.now() + EVERY_MS;
  }
}
