/** At most `limit` accepted calls in any one second, sliding; refused calls don't count. A `limit` of 0 accepts all. */
export class Throttle {
  private readonly acceptedAtMs: Float64Array;
  private next = 0;

  constructor(private readonly limit: number) {
    this.acceptedAtMs = new Float64Array(limit).fill(-Infinity);
  }

  accepts(nowMs: number): boolean {
    if (this.limit === 0) return true;
    // The ring's next slot holds the call `limit` calls ago: less than a second old means that the second is full.
    const oldest = this.acceptedAtMs[this.next] ?? -Infinity;
    if (nowMs - oldest < 1000) return false;
    this.acceptedAtMs[this.next] = nowMs;
    this.next = (this.next + 1) % this.limit;
    return true;
  }
}
