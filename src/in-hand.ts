/** Counts work that is under way, for an end that is to wait for it: its caller may have gone long before. */
import { isPromise } from 'node:util/types';

export class InHand {
  private count = 0;
  private waiting: (() => void)[] = [];

  /** Until it throws, answers, or its promise is settled. Adds nothing to what the caller waits for. */
  during<T>(work: () => T): T {
    this.count++;
    let result: T | null = null;
    try {
      result = work();
      return result;
    } finally {
      if (isPromise(result)) result.then(this.end, this.end);
      else this.end();
    }
  }

  private readonly end = (): void => {
    this.count--;
    if (this.count === 0) for (const resolve of this.waiting.splice(0)) resolve();
  };

  /** Resolves when there is none, at once if so. */
  settled(): Promise<void> {
    return this.count === 0 ? Promise.resolve() : new Promise((resolve) => this.waiting.push(resolve));
  }
}
