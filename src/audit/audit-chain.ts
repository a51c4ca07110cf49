/**
 * Writes records as one chain: each carries the hash of the one before. Every process has a chain of its own, so that
 * gateways never wait for each other; a chain begins with a record that holds the heads of all chains that had grown
 * since, so that none of those can be cut or dropped unseen. After a failed write nobody knows what the database has,
 * so the chain ends there and the next record begins another one.
 */
import { randomUUID } from 'node:crypto';
import type { Database } from '../store/database';
import { NO_HASH, toRow, type AuditEntry, type NewAuditRow } from './audit-record';
import { insertRows, selectKnownIds, takeUnlinkedHeads, type ChainHead } from './audit-repository';

const NOBODY = { actor: 'gateway', issuer: 'local', requestId: 'audit' } as const;

/** An entry with the time at which it happened. */
export interface TimedEntry {
  entry: AuditEntry;
  time: Date;
}

export class AuditChain {
  /** Null: a new chain is begun with the next write. */
  private current: ChainHead | null = null;

  constructor(private readonly database: Database) {}

  /** What has to be kept elsewhere to prove that nothing was cut off after it; null before the first write. */
  get head(): ChainHead | null {
    return this.current;
  }

  /** All of them or none. One call at a time. @throws when the database doesn't confirm */
  async write(entries: readonly TimedEntry[]): Promise<void> {
    const head = this.current;
    this.current = null;
    this.current = head === null ? await this.begin(entries) : await this.append(this.database, head, entries);
  }

  private begin(entries: readonly TimedEntry[]): Promise<ChainHead> {
    return this.database.transaction(async (transaction) => {
      const links = await takeUnlinkedHeads(transaction);
      // After a failure: it may have been the answer alone that was lost.
      const written = await selectKnownIds(
        transaction,
        entries.map(({ entry }) => entry.id),
      );
      const unwritten = entries.filter(({ entry }) => !written.has(entry.id));
      const opened: AuditEntry = { ...NOBODY, id: randomUUID(), action: 'CHAIN_OPENED', details: { links } };
      const start = { chain: randomUUID(), seq: 0, hash: NO_HASH };
      return this.append(transaction, start, [{ entry: opened, time: unwritten[0]?.time ?? new Date() }, ...unwritten]);
    });
  }

  private async append(
    store: Pick<Database, 'query' | 'run'>,
    head: ChainHead,
    entries: readonly TimedEntry[],
  ): Promise<ChainHead> {
    let { seq, hash } = head;
    const rows: NewAuditRow[] = [];
    for (const { entry, time } of entries) {
      const row = toRow(entry, time, { chain: head.chain, seq: ++seq, previousHash: hash });
      ({ hash } = row);
      rows.push(row);
    }
    const next = { chain: head.chain, seq, hash };
    await insertRows(store, rows, next);
    return next;
  }
}
