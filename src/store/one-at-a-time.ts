/** What all gateways of a database do when they start, and what must not be done by two at once. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Database, Queryable } from './database';

/** Not taken by waiting in the database: a statement is given up after seconds, and others may have much to do first. */
const ASK_EVERY_MS = 50;
const GIVE_UP_AFTER_MS = 60_000;

/** Another gateway prepares the database, and doesn't come to an end. */
export class StillPreparingError extends Error {
  override readonly name = 'StillPreparingError';
  constructor() {
    super('another gateway has been preparing the database for a minute');
  }
}

/** Until the end of the transaction. @param lock any fixed number (pg_advisory_xact_lock) @throws {StillPreparingError} after a minute */
export async function takeLock(transaction: Queryable, lock: number): Promise<void> {
  const endsAt = performance.now() + GIVE_UP_AFTER_MS;
  for (;;) {
    const [row] = await transaction.query<{ taken: boolean }>('select pg_try_advisory_xact_lock($1) as taken', [lock]);
    if (row?.taken === true) return;
    if (performance.now() > endsAt) throw new StillPreparingError();
    await delay(ASK_EVERY_MS);
  }
}

/** For work on connections of its own, as a library's is. @param lock the same for the same work, see {@link takeLock} */
export async function oneAtATime(database: Database, lock: number, work: () => Promise<void>): Promise<void> {
  // The embedded store has one gateway, and one connection, which a transaction would keep from the work.
  if (database.kind === 'embedded') return work();
  await database.transaction(async (transaction) => {
    await takeLock(transaction, lock);
    // It is silent for as long as the work takes.
    await transaction.run(`set local idle_in_transaction_session_timeout = ${GIVE_UP_AFTER_MS}`);
    await work();
  });
}
