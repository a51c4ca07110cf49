/** Time that passes when the test says so, with timers that may be late. */
import type { Clock } from '../../src/pace/clock';

interface Timer {
  at: number;
  run: () => void;
}

export class SimulatedClock implements Clock {
  private time = 0;
  private readonly timers = new Set<Timer>();

  /** @param lateness of the next timer, in milliseconds */
  constructor(private readonly lateness: () => number = () => 0) {}

  readonly now = (): number => this.time;

  readonly after = (ms: number, run: () => void): (() => void) => {
    const timer = { at: this.time + ms + this.lateness(), run };
    this.timers.add(timer);
    return () => this.timers.delete(timer);
  };

  /** Runs what comes due until then, and all that follows from it, each at its time. */
  async passUntil(time: number): Promise<void> {
    await settle();
    for (;;) {
      const [next] = [...this.timers].sort((a, b) => a.at - b.at);
      if (next === undefined || next.at > time) break;
      this.timers.delete(next);
      this.time = Math.max(this.time, next.at);
      next.run();
      await settle();
    }
    this.time = time;
  }
}

/** Lets promises that are due have their say. */
const settle = async (): Promise<void> => {
  for (let i = 0; i < 5; i++) await Promise.resolve();
};
