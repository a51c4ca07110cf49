import type { Principal } from '../auth/principal';

/** Of one caller, at one gateway: more than anybody watches, and few enough that they slow nobody's kick. */
const MOST_OF_ONE = 1000;

/** How many streams each caller has open. */
export class OpenStreams {
  private readonly counts = new Map<string, number>();

  /** @returns what to call at the stream's end; null: this caller has too many already */
  enter(principal: Pick<Principal, 'issuer' | 'subject'> | null): (() => void) | null {
    const caller = JSON.stringify([principal?.issuer, principal?.subject]);
    const count = this.counts.get(caller) ?? 0;
    if (count >= MOST_OF_ONE) return null;
    this.counts.set(caller, count + 1);
    let isOpen = true;
    return () => {
      if (isOpen) this.leave(caller);
      isOpen = false;
    };
  }

  private leave(caller: string): void {
    const left = (this.counts.get(caller) ?? 1) - 1;
    if (left > 0) this.counts.set(caller, left);
    else this.counts.delete(caller);
  }
}
