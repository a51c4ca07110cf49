/** Databases for tests: embedded ones copied from the template, real ones each in a database of its own. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import type { Database } from '../../src/store/database';
import { openDatabase, type StoreOptions } from '../../src/store/open-database';
import { atEnd } from './at-end';
import { createDatabase } from './postgres';

const silent = pino({ level: 'silent' });

/** A `DATA_DIR` with a new store in it, gone with the test file. */
export function makeDataDir(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'gateway-data-'));
  atEnd(async () => rmSync(folder, { recursive: true, force: true }));
  cpSync(process.env['TEST_STORE_TEMPLATE']!, folder, { recursive: true });
  return folder;
}

export type StoreKind = Database['kind'];

/** Undefined where this machine has no PostgreSQL; the suites that need it are then left out, by name. */
export const POSTGRES_URL = process.env['TEST_POSTGRES_URL'];
export const withPostgres = POSTGRES_URL === undefined ? describe.skip : describe;

/** Both stores; a suite over them is `describe.each(STORES)` within `withStore(kind)`. */
export const STORES: readonly StoreKind[] = ['embedded', 'postgres'];

/** A suite for each store. */
export function describeOnEachStore(name: string, suite: (kind: StoreKind) => void): void {
  for (const kind of STORES) {
    const run = kind === 'postgres' ? withPostgres : describe;
    run(`${name}, on ${kind === 'postgres' ? 'PostgreSQL' : 'the embedded store'}`, () => suite(kind));
  }
}

/** Where a new store of a kind is; several gateways may share a real one. */
export async function makeStore(kind: StoreKind): Promise<StoreOptions> {
  if (kind === 'embedded') return { url: null, dataDir: makeDataDir() };
  return { url: await createDatabase(POSTGRES_URL!), dataDir: '' };
}

/** Opened, and closed with the test file. */
export async function openStore(store: StoreOptions): Promise<Database> {
  const database = await openDatabase(store, silent);
  atEnd(() => database.stop());
  return database;
}

let shared: Promise<Database> | null = null;
/** One embedded store for all gateways of a test file that don't care about theirs. */
export const sharedStore = (): Promise<Database> => (shared ??= openStore({ url: null, dataDir: makeDataDir() }));
