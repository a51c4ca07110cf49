/** PostgreSQL by `DATABASE_URL`: what production runs on, shared by any number of gateways. */
import { Pool, type PoolClient } from 'pg';
import type { Logger } from '../observability/logger';
import { PRODUCT } from '../product';
import { NoConnectionError } from './away';
import type { Database, Queryable } from './database';
import { endWithin } from './end-within';
import { ListeningConnection } from './listening-connection';

/**
 * A gateway needs few: its writes are batched. With the one that listens they are four, so that twenty gateways, and one more
 * while they are replaced, fit into the 97 that PostgreSQL has for all but superusers, by default.
 */
const MAX_CONNECTIONS = 3;
/** A database that can't be reached in this time is gone, as far as a kick is concerned. Milliseconds. */
const CONNECT_TIMEOUT_MS = 3000;
/** A statement that takes longer is given up, on our side and on the server's. Milliseconds. */
const QUERY_TIMEOUT_MS = 5000;
/**
 * A gateway that falls silent in the middle of a transaction, as on a machine that is frozen or cut off, must not keep its
 * locks from the others: the server ends it, long before TCP would notice. Milliseconds.
 */
const SILENCE_MS = 10_000;

/**
 * What our statements, and the driver that reads their answers, take for granted, whatever the database or the role has set:
 * dates that are not ISO would be read as none at all, and tables would be looked for, and made, elsewhere.
 */
const SESSION = `set datestyle to 'ISO'; set default_transaction_isolation to 'read committed'; set search_path to public`;

type OnConnected = Parameters<Pool['connect']>[0];

/** Says of an error that there was no connection to be had, whether a statement or a transaction was to have it. */
class TellingPool extends Pool {
  override connect(): Promise<PoolClient>;
  override connect(onConnected: OnConnected): void;
  override connect(onConnected?: OnConnected): Promise<PoolClient> | undefined {
    if (onConnected === undefined) {
      return super.connect().catch((error: unknown) => {
        throw new NoConnectionError(error);
      });
    }
    super.connect((error, client, release) => {
      onConnected(client === undefined ? new NoConnectionError(error) : undefined, client, release);
    });
    return undefined;
  }
}

const queryableOf = (client: Pool | PoolClient): Queryable => ({
  query: async <Row>(sql: string, parameters: readonly unknown[] = [], name?: string) => {
    const { rows } = await client.query({ text: sql, values: [...parameters], name });
    // What a statement selects is known only where it is written.
    return rows as Row[];
  },
  run: async (sql, timeoutMs) => {
    if (timeoutMs !== undefined) await client.query(`set local statement_timeout = ${timeoutMs}`);
    // The driver has one of its own; undefined is the usual one.
    const query = { text: sql, query_timeout: timeoutMs };
    await client.query(query);
  },
});

async function inTransaction<T>(pool: Pool, work: (transaction: Queryable) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let failure: Error | undefined;
  try {
    await client.query(`begin; set local idle_in_transaction_session_timeout = ${SILENCE_MS}`);
    const result = await work(queryableOf(client));
    await client.query('commit');
    return result;
  } catch (error) {
    // A connection that can't even roll back is of no more use.
    await client.query('rollback').catch((broken: Error) => (failure = broken));
    throw error;
  } finally {
    client.release(failure);
  }
}

/** Connects lazily; nothing here fails before the first statement. */
export function openPostgres(connectionString: string, log: Logger): Database {
  const settings = {
    connectionString,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    application_name: PRODUCT.name,
    keepAlive: true,
  };
  const pool = new TellingPool({
    ...settings,
    max: MAX_CONNECTIONS,
    query_timeout: QUERY_TIMEOUT_MS,
    statement_timeout: QUERY_TIMEOUT_MS,
    // pg-pool waits for it, whatever its types say.
    onConnect: (client) => client.query(SESSION) as unknown as void,
  });
  // One that dies in the moment when it passes from one to the next tells nobody else, and an error that nobody listens to
  // would end the process. Whatever is under way on it fails anyway.
  pool.on('connect', (client) => client.on('error', () => undefined));
  // An idle connection was lost; the pool makes a new one when it needs one.
  pool.on('error', (error) => log.warn({ reason: error.message }, 'a connection to the database was lost'));
  const listener = new ListeningConnection(settings, log);
  let stopped: Promise<void> | null = null;
  const stop = async (): Promise<void> => {
    await listener.stop();
    await endWithin(pool);
  };
  return {
    kind: 'postgres',
    ...queryableOf(pool),
    transaction: (work) => inTransaction(pool, work),
    listen: (channel, onMessage) => listener.listen(channel, onMessage),
    usage: () => ({ open: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount }),
    stop: () => (stopped ??= stop()),
  };
}
