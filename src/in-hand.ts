/** Counts work that is under way, for an end that is to wait for it: its caller may have gone long before. */
export class InHand {
  private count = 0;
  private waiting: (() => void)[] = [];

  async during<T>(work: () => Promise<T> | T): Promise<T> {
    this.count++;
    try {
      return await work();
    } finally {
      this.count--;
      if (this.count === 0) for (const resolve of this.waiting.splice(0)) resolve();
    }
  }

  /** Resolves when there is none, at once if so. */
  settled(): Promise<void> {
    return this.count === 0 ? Promise.resolve() : new Promise((resolve) => this.waiting.push(resolve));
  }
}
