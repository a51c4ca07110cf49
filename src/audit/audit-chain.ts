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
import { newRecordId } from './record-id';

const NOBODY = { actor: 'gateway', issuer: 'local', requestId: 'audit' } as const;

/** So many are remembered until the database is back; those that come after them are not looked for. */
const MAX_ABANDONED = 10_000;

/** An entry with the time at which it happened. */
export interface TimedEntry {
  entry: AuditEntry;
  time: Date;
}

/** The outcome of a request that stands, and was told its caller as not written: nothing was sent. */
const toUndone = ({ id: follows, ...request }: AuditEntry): TimedEntry => ({
  entry: {
    ...request,
    id: newRecordId(),
    action: 'KICK_FAILED',
    follows,
    code: 'AUDIT_UNAVAILABLE',
    mayHaveTakenEffect: false,
  },
  time: new Date(),
});

export class AuditChain {
  /** Null: a new chain is begun with the next write. */
  private current: ChainHead | null = null;

  /**
   * What is to be told of requests whose writing has failed, though they may stand; by the requests' ids. Each has its own id
   * from the start: of it, too, the answer alone may be lost, and it is told once.
   */
  private readonly abandoned = new Map<string, TimedEntry>();

  constructor(private readonly database: Database) {}

  /**
   * For the request of a kick that was not sent, as its record could not be written. Where it turns out to stand, since only the
   * database's answer was lost, the next chain tells that nothing was done: a request without an outcome is a kick in doubt.
   */
  abandon(entry: AuditEntry): void {
    const hasRoom = this.abandoned.size < MAX_ABANDONED;
    if (hasRoom && entry.action === 'KICK_REQUESTED') this.abandoned.set(entry.id, toUndone(entry));
  }

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

  private async begin(entries: readonly TimedEntry[]): Promise<ChainHead> {
    const abandoned = [...this.abandoned];
    const head = await this.beginWith(entries, abandoned);
    for (const [id] of abandoned) this.abandoned.delete(id);
    return head;
  }

  private beginWith(
    entries: readonly TimedEntry[],
    abandoned: readonly (readonly [string, TimedEntry])[],
  ): Promise<ChainHead> {
    return this.database.transaction(async (transaction) => {
      const links = await takeUnlinkedHeads(transaction);
      // After a failure: it may have been the answer alone that was lost.
      const ids = [...entries.map(({ entry }) => entry.id), ...abandoned.flatMap(([id, { entry }]) => [id, entry.id])];
      const written = await selectKnownIds(transaction, ids);
      const undone = abandoned.filter(([id, { entry }]) => written.has(id) && !written.has(entry.id));
      const unwritten = entries.filter(({ entry }) => !written.has(entry.id));
      const opened: AuditEntry = { ...NOBODY, id: newRecordId(), action: 'CHAIN_OPENED', details: { links } };
      const start = { chain: randomUUID(), seq: 0, hash: NO_HASH };
      const opening = { entry: opened, time: unwritten[0]?.time ?? new Date() };
      return this.append(transaction, start, [opening, ...undone.map(([, told]) => told), ...unwritten]);
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
