/** Many callers, few statements: what comes in while one statement is under way goes into the next one together. */

/** In one statement. */
const MAX_ITEMS = 500;

interface Waiting<Item, Result> {
  item: Item;
  resolve: (result: Result) => void;
  reject: (error: unknown) => void;
}

export class GroupCommit<Item, Result> {
  private waiting: Waiting<Item, Result>[] = [];
  private isWriting = false;

  /** @param write one statement for all; its results in the order of the items */
  constructor(private readonly write: (items: readonly Item[]) => Promise<readonly Result[]>) {}

  /** @throws what the statement throws that had the item in it */
  add(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ item, resolve, reject });
      if (!this.isWriting) void this.writeAll();
    });
  }

  private async writeAll(): Promise<void> {
    this.isWriting = true;
    // Let the callers of the same turn of the event loop come along.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.waiting.length > 0) await this.writeSome(this.waiting.splice(0, MAX_ITEMS));
    this.isWriting = false;
  }

  private async writeSome(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await this.write(batch.map(({ item }) => item));
      results.forEach((result, index) => batch[index]?.resolve(result));
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}
