/**
 * Remembers used nonces in two generations. When the younger one is full or old enough, the older is dropped whole: constant work
 * a call and bounded memory, where deleting one by one from a Map's head would not be.
 */
export class NonceMemory {
  private current = new Set<string>();
  private previous = new Set<string>();
  private turnedAtMs = -Infinity;

  constructor(
    private readonly retentionMs: number,
    private readonly maxNonces: number,
  ) {}

  /** Whether the nonce is new; it is not any more afterwards. */
  claim(nonce: string, nowMs: number): boolean {
    this.turn(nowMs);
    if (this.current.has(nonce) || this.previous.has(nonce)) return false;
    this.current.add(nonce);
    return true;
  }

  private turn(nowMs: number): void {
    const isOld = nowMs - this.turnedAtMs > this.retentionMs;
    if (!isOld && this.current.size < this.maxNonces / 2) return;
    this.previous = this.current;
    this.current = new Set();
    this.turnedAtMs = nowMs;
  }
}
