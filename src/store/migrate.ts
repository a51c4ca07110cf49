/** Brings the schema up to date. Changes only add, so that an older gateway goes on working beside a newer one. */
import type { Logger } from '../observability/logger';
import type { Database } from './database';
import { MIGRATIONS } from './migrations';
import { takeLock } from './one-at-a-time';

/** For a change of a large table, which may have to be read, and waits for whoever writes to it. Milliseconds. */
const CHANGE_MS = 60_000;

/** Any fixed number: all gateways of a database take the same one (see takeLock). */
const LOCK = 7_303_184_221;

const TABLE = `
  create table if not exists gateway_migrations (
    id integer primary key,
    name text not null,
    applied_at timestamptz not null default now()
  )`;

/** One transaction for all: several gateways start at once, and each waits for the one that is at it. */
export const migrate = (database: Database, log: Logger): Promise<void> =>
  database.transaction(async (transaction) => {
    await takeLock(transaction, LOCK);
    await transaction.run(TABLE);
    const applied = await transaction.query<{ id: number }>('select id from gateway_migrations');
    const done = new Set(applied.map(({ id }) => id));
    for (const { id, name, sql } of MIGRATIONS.filter((migration) => !done.has(migration.id))) {
      await transaction.run(sql, CHANGE_MS);
      await transaction.query('insert into gateway_migrations (id, name) values ($1, $2)', [id, name]);
      log.debug({ migration: `${id} ${name}` }, 'migrated');
    }
  });

/** Whether a gateway has ever made its tables here. */
export async function isMigrated(database: Database): Promise<boolean> {
  const [row] = await database.query<{ isThere: boolean }>(
    `select to_regclass('gateway_migrations') is not null as "isThere"`,
  );
  return row?.isThere === true;
}
