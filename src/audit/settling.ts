/** Those who wait until all records that had come by then stand, are given up, or have failed once. */
export class Settling {
  /** Records that wait no more since the start; they go in the order in which they came. */
  private gone = 0;
  private waiting: { upTo: number; resolve: () => void }[] = [];

  /** Resolves when so many more have gone, or any has failed. */
  after(records: number): Promise<void> {
    const upTo = this.gone + records;
    return new Promise((resolve) => this.waiting.push({ upTo, resolve }));
  }

  haveGone(records: number): void {
    this.gone += records;
    this.tell(this.gone);
  }

  haveFailed(): void {
    this.tell(Infinity);
  }

  private tell(upTo: number): void {
    while (this.waiting[0] !== undefined && this.waiting[0].upTo <= upTo) this.waiting.shift()?.resolve();
  }
}
