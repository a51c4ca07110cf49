/**
 * Turns of starting and retrying jobs. Each start waits for its caller's lock on a connection of its own, of which there are few, and
 * kicks need them: of one caller one at a time, and of all together no more than leave a connection over.
 */
import { bulkhead, type BulkheadPolicy } from 'cockatiel';
import { identityKey, type Identity } from '../auth/principal';
import { DatabaseAwayError } from '../store/away';
import { BEGUN_NOTHING } from './while-away';

const AT_ONCE = 2;
/** As long as a statement may take: whoever waits for longer waits for a database that is silent. Milliseconds. */
const PATIENCE_MS = 5000;

export class StartTurns {
  private readonly all = bulkhead(AT_ONCE, Infinity);
  private readonly ofCallers = new Map<string, BulkheadPolicy>();

  /** @throws {DatabaseAwayError} when the turn comes too late; or whatever the start throws */
  async take<T>(identity: Identity, start: () => Promise<T>): Promise<T> {
    const endsAt = performance.now() + PATIENCE_MS;
    const startInTime = (): Promise<T> => {
      if (performance.now() < endsAt) return start();
      throw new DatabaseAwayError(BEGUN_NOTHING, new Error('the starts before this one have taken too long'));
    };
    const caller = identityKey(identity);
    const own = this.ofCallers.get(caller) ?? bulkhead(1, Infinity);
    this.ofCallers.set(caller, own);
    try {
      return await own.execute(() => this.all.execute(startInTime));
    } finally {
      // One of theirs that is about to take its turn may meet a newer one: in the database they wait for each other anyway.
      if (own.executionSlots === 1) this.ofCallers.delete(caller);
    }
  }
}
