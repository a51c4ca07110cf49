/**
 * The embedded database: PGlite, PostgreSQL compiled to WebAssembly, in `DATA_DIR`. For one process. It survives a
 * killed process but not a power cut, as it never calls fsync.
 */
import { existsSync } from 'node:fs';
import { chmod, mkdir, stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import type { PGlite, Transaction } from '@electric-sql/pglite' with { 'resolution-mode': 'import' };
import { codeOf } from '../errors';
import type { Database, Queryable } from './database';
import { DirectoryInUseError, lockDirectory } from './directory-lock';

/** What the file system refuses, in an operator's words. */
const REFUSALS: Readonly<Record<string, string>> = {
  EACCES: 'must be a directory that this user may read and write',
  EPERM: 'must be a directory that this user may read and write',
  EROFS: 'must not be on a file system that is read-only',
  ENOSPC: 'must not be on a file system that is full',
  EEXIST: 'must be a directory, and is a file',
  ENOTDIR: 'must be a directory, and a part of it is a file',
};

/** `DATA_DIR` can't be used; the message is for whoever set it. */
class DataDirError extends Error {
  override readonly name = 'DataDirError';
  constructor(cause: unknown, code = codeOf(cause)) {
    const ofFiles = `${REFUSALS[code] ?? 'cannot be used'} (${code})`;
    super(`DATA_DIR ${code === '' ? 'holds no database that can be opened' : ofFiles}`, { cause });
  }
}

/**
 * All statements have the one session. A text that begins a transaction by itself, as pg-boss's do, and fails in it would leave
 * the session there, where PostgreSQL refuses everything.
 */
async function runAll(store: PGlite, sql: string): Promise<void> {
  try {
    await store.exec(sql);
  } catch (error) {
    // Outside of a transaction it does nothing.
    await store.exec('rollback').catch(() => undefined);
    throw error;
  }
}

const queryableOf = (store: PGlite | Transaction): Queryable => ({
  query: async <Row>(sql: string, parameters: readonly unknown[] = []) =>
    (await store.query<Row>(sql, [...parameters])).rows,
  run: async (sql) => {
    await store.exec(sql);
  },
});

/** Less than this is no room for PostgreSQL's smallest file. */
const NO_ROOM_BYTES = 1024 * 1024;

const isFull = (directory: string): Promise<boolean> =>
  statfs(directory).then(
    ({ bavail, bsize }) => bavail * bsize < NO_ROOM_BYTES,
    () => false,
  );

/** For nobody but us: it holds whom was kicked. */
const PRIVATE = 0o700;

const isDirectory = (directory: string): Promise<boolean> =>
  stat(directory).then(
    (found) => found.isDirectory(),
    () => false,
  );

/** With its parents. Node's own way (`recursive`) never ends where the system makes none, as below /proc. */
async function makeDirectory(directory: string): Promise<void> {
  const make = () => mkdir(directory, { mode: PRIVATE });
  try {
    await make();
  } catch (error) {
    if (codeOf(error) === 'EEXIST' && (await isDirectory(directory))) return;
    const parent = path.dirname(directory);
    if (codeOf(error) !== 'ENOENT' || (await isDirectory(parent))) throw error;
    await makeDirectory(parent);
    await make();
  }
}

/** @returns the unlocking */
async function take(directory: string): Promise<() => Promise<void>> {
  try {
    await makeDirectory(path.resolve(directory));
    return await lockDirectory(directory);
  } catch (error) {
    throw error instanceof DirectoryInUseError ? error : new DataDirError(error);
  }
}

const storeIn = (directory: string): string => path.join(directory, 'postgres');

/** Whether one was made in a directory. */
export const isEmbeddedThere = (directory: string): boolean => existsSync(storeIn(directory));

/**
 * @param directory is made when it isn't there
 * @throws {DirectoryInUseError} when another process has it open
 * @throws {DataDirError} when it can't be read or written, or holds no database of ours
 */
export async function openEmbedded(directory: string): Promise<Database> {
  const unlock = await take(directory);
  // Not loaded by gateways that never open one.
  const { PGlite: Store } = await import('@electric-sql/pglite');
  const store = await Store.create(storeIn(directory)).catch(async (error: unknown) => {
    await unlock();
    // PGlite tells of no reason. A user who took a full disk for a broken database might delete it.
    throw new DataDirError(error, codeOf(error) || ((await isFull(directory)) ? 'ENOSPC' : ''));
  });
  // PGlite's files are open to everybody. Where the directory is somebody else's, it is theirs to say who gets at it.
  await chmod(storeIn(directory), PRIVATE).catch(() => undefined);
  let stopped: Promise<void> | null = null;
  const stop = async (): Promise<void> => {
    await store.close();
    await unlock();
  };
  return {
    kind: 'embedded',
    ...queryableOf(store),
    run: (sql) => runAll(store, sql),
    transaction: async <T>(work: (transaction: Queryable) => Promise<T>) =>
      store.transaction((transaction) => work(queryableOf(transaction))),
    listen: (channel, onMessage) => store.listen(channel, onMessage),
    usage: () => ({ open: 1, idle: 1, waiting: 0 }),
    stop: () => (stopped ??= stop()),
  };
}
