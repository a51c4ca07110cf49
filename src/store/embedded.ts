/**
 * The embedded database: PGlite, PostgreSQL compiled to WebAssembly, in `DATA_DIR`. For one process. It survives a
 * killed process but not a power cut, as it never calls fsync.
 */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { PGlite, Transaction } from '@electric-sql/pglite' with { 'resolution-mode': 'import' };
import type { Database, Queryable } from './database';
import { lockDirectory } from './directory-lock';

const queryableOf = (store: PGlite | Transaction): Queryable => ({
  query: async <Row>(sql: string, parameters: readonly unknown[] = []) =>
    (await store.query<Row>(sql, [...parameters])).rows,
  run: async (sql) => {
    await store.exec(sql);
  },
});

/**
 * @param directory is made when it isn't there
 * @throws when another process has it open, or it can't be written
 */
export async function openEmbedded(directory: string): Promise<Database> {
  await mkdir(directory, { recursive: true });
  const unlock = await lockDirectory(directory);
  // Not loaded by gateways that never open one.
  const { PGlite: Store } = await import('@electric-sql/pglite');
  const store = await Store.create(path.join(directory, 'postgres')).catch(async (error: unknown) => {
    await unlock();
    throw error;
  });
  let stopped: Promise<void> | null = null;
  const stop = async (): Promise<void> => {
    await store.close();
    await unlock();
  };
  return {
    kind: 'embedded',
    ...queryableOf(store),
    transaction: async <T>(work: (transaction: Queryable) => Promise<T>) =>
      store.transaction((transaction) => work(queryableOf(transaction))),
    listen: (channel, onMessage) => store.listen(channel, onMessage),
    usage: () => ({ open: 1, idle: 1, waiting: 0 }),
    stop: () => (stopped ??= stop()),
  };
}
