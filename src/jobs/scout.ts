/**
 * Finds out whether GenAuth is back before a job's line does: the line's kick would be in doubt if it isn't, so an outage of an
 * hour would leave seven hundred users UNKNOWN, one for each probe of the circuit. What goes ahead is a read, which changes nothing.
 */
import type { Circuit } from '../genauth/circuit';

/**
 * What was seen is good for one line, and for so long: for a chunk to be taken and the line to get its turn, however slow the
 * pace. Milliseconds.
 */
const GOOD_MS = 10_000;
/** After so many looks in vain, a minute or more, a line goes all the same: it may be the read alone that fails. */
const MOST_IN_VAIN = 12;

export class Scout {
  private goodUntil = -Infinity;
  /** How often the circuit had opened by then: once more, if the line was not answered. */
  private openings = 0;
  private inVain = 0;

  /** @param look whether GenAuth answers at all */
  constructor(
    private readonly look: () => Promise<boolean>,
    private readonly circuit: Pick<Circuit, 'stayOpen' | 'isLookedFor' | 'openings'>,
  ) {}

  /** Whether GenAuth has just answered. If not, it is asked; the circuit stays open while it doesn't answer. */
  mayLineGo(): boolean {
    if (performance.now() < this.goodUntil && this.circuit.openings === this.openings) return true;
    if (!this.circuit.isLookedFor) void this.goAhead();
    return false;
  }

  private async goAhead(): Promise<void> {
    this.circuit.isLookedFor = true;
    const isThere = await this.look().catch(() => false);
    this.circuit.isLookedFor = false;
    this.inVain = isThere ? 0 : this.inVain + 1;
    if (!isThere && this.inVain % MOST_IN_VAIN !== 0) this.circuit.stayOpen();
    else {
      this.goodUntil = performance.now() + GOOD_MS;
      this.openings = this.circuit.openings;
    }
  }
}
