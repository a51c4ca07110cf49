/** What has to be ended when a gateway ends, or can't start: the last that was made is the first. */
export class Ends {
  private readonly ends: (() => unknown)[] = [];

  /** Once it is made, and before anything that may fail. */
  add(end: () => unknown): void {
    this.ends.push(end);
  }

  /** @throws what `work` does, once all that was made so far has ended */
  async guard<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      await this.run().catch(() => undefined);
      throw error;
    }
  }

  /** One after the other, whatever became of those before. @throws the first fault, once all have ended */
  async run(): Promise<void> {
    const faults: unknown[] = [];
    for (const end of this.ends.splice(0).reverse()) {
      try {
        await end();
      } catch (error) {
        faults.push(error);
      }
    }
    if (faults.length > 0) throw faults[0];
  }
}
