import type { Database } from './database';

/**
 * Does work of which all gateways of a database do the same when they start, after one another. For work that takes
 * connections of its own, as a library's does; our own takes its lock in its transaction.
 * @param lock any fixed number, the same for the same work (pg_advisory_xact_lock)
 */
export async function oneAtATime(database: Database, lock: number, work: () => Promise<void>): Promise<void> {
  // The embedded store has one gateway, and one connection, which a transaction would keep from the work.
  if (database.kind === 'embedded') return work();
  await database.transaction(async (transaction) => {
    await transaction.run(`set local statement_timeout = '60s'`);
    await transaction.query('select pg_advisory_xact_lock($1)', [lock]);
    await work();
  });
}
