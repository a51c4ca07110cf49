import { setTimeout as delay } from 'node:timers/promises';
import { codeOf } from '../errors';
import type { Logger } from '../observability/logger';
import type { Database } from './database';
import { databaseFaultOf, describeDatabaseFault } from './database-fault';
import { openEmbedded } from './embedded';
import { migrate } from './migrate';
import { openPostgres } from './postgres';

export interface StoreOptions {
  /** PostgreSQL's address; null: embedded, in `dataDir`. */
  url: string | null;
  dataDir: string;
}

/** A start that finds no database waits for it so long, as both may be starting together. Milliseconds. */
const WAIT_FOR_DATABASE_MS = 15_000;
const RETRY_MS = 250;

async function migrateOnceReachable(database: Database, log: Logger, giveUp?: AbortSignal): Promise<void> {
  const endsAt = performance.now() + WAIT_FOR_DATABASE_MS;
  for (;;) {
    try {
      return await migrate(database, log);
    } catch (error) {
      if (!isUnreachable(error) || performance.now() > endsAt) throw error;
      log.warn({ reason: databaseFaultOf(error) }, 'the database is not there yet');
      await delay(RETRY_MS, undefined, { signal: giveUp });
    }
  }
}

/** No connection, or a server that starts up or shuts down (PostgreSQL's class 57, operator intervention). */
const isUnreachable = (error: unknown): boolean =>
  /^(ECONN|ENOTFOUND|EAI_|ETIMEDOUT|57P0)/.test(codeOf(error)) || /timeout/i.test(String(error));

/**
 * Opens the store and brings its schema up to date.
 * @param giveUp ends the wait for a database that isn't there yet
 * @throws {Error} with one line that says what is wrong
 */
export async function openDatabase(
  { url, dataDir }: StoreOptions,
  log: Logger,
  giveUp?: AbortSignal,
): Promise<Database> {
  const database = url === null ? await openEmbedded(dataDir) : openPostgres(url, log);
  try {
    await migrateOnceReachable(database, log, giveUp);
    return database;
  } catch (error) {
    await database.stop();
    const why = describeDatabaseFault(error);
    throw new Error(`the database is not reachable, or refuses this gateway${why}`, { cause: error });
  }
}
