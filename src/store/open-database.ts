import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../observability/logger';
import { isPassing } from './away';
import type { Database } from './database';
import { databaseFaultOf, describeDatabaseFault } from './database-fault';
import { isEmbeddedThere, openEmbedded } from './embedded';
import { isMigrated, migrate } from './migrate';
import { StillPreparingError } from './one-at-a-time';
import { openPostgres } from './postgres';

export interface StoreOptions {
  /** PostgreSQL's address; null: embedded, in `dataDir`. */
  url: string | null;
  dataDir: string;
}

/** A database that can be used, but must not be; told as it is. */
class WrongDatabaseError extends Error {}

/** There is a store, or could be one, but no gateway has written to it. */
class NothingWrittenError extends WrongDatabaseError {
  constructor(variable: string) {
    super(`no gateway has written anything where ${variable} points: is it the right one?`);
  }
}

/** Of any other encoding, the first text that it can't hold would keep all records that come after it waiting. */
async function checkEncoding(database: Database): Promise<void> {
  const [row] = await database.query<{ encoding: string }>(`select current_setting('server_encoding') as encoding`);
  if (row?.encoding === 'UTF8') return;
  throw new WrongDatabaseError(`the database must have the encoding UTF8, and has ${row?.encoding}`);
}

/** A start that finds no database waits for it so long, as both may be starting together. Milliseconds. */
const WAIT_FOR_DATABASE_MS = 15_000;
const RETRY_MS = 250;

async function onceReachable<T>(work: () => Promise<T>, log: Logger, giveUp?: AbortSignal): Promise<T> {
  const endsAt = performance.now() + WAIT_FOR_DATABASE_MS;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isPassing(error) || performance.now() > endsAt) throw error;
      log.warn({ reason: databaseFaultOf(error) }, 'the database is not there yet');
      await delay(RETRY_MS, undefined, { signal: giveUp });
    }
  }
}

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
  const prepare = async (): Promise<void> => {
    await checkEncoding(database);
    await migrate(database, log);
  };
  await orStop(database, () => onceReachable(prepare, log, giveUp));
  return database;
}

/**
 * Opens a store that a gateway has made, and changes nothing about it.
 * @throws {Error} with one line that says what is wrong, such as that there is none
 */
export async function openWritten({ url, dataDir }: StoreOptions, log: Logger): Promise<Database> {
  if (url === null && !isEmbeddedThere(dataDir)) throw new NothingWrittenError('DATA_DIR');
  const database = url === null ? await openEmbedded(dataDir) : openPostgres(url, log);
  await orStop(database, async () => {
    if (!(await onceReachable(() => isMigrated(database), log))) {
      throw new NothingWrittenError(url === null ? 'DATA_DIR' : 'DATABASE_URL');
    }
  });
  return database;
}

/** Stops a database with which that can't be done. @throws what is wrong with it, in one line */
async function orStop(database: Database, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    await database.stop();
    if (error instanceof WrongDatabaseError || error instanceof StillPreparingError) throw error;
    const why = describeDatabaseFault(error);
    throw new Error(`the database is not reachable, or refuses this gateway${why}`, { cause: error });
  }
}
