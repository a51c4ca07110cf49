/**
 * Writes records as one chain: each carries the hash of the one before. Every process has a chain of its own, so that
 * gateways never wait for each other; a chain begins with a record that holds the heads of all chains that had grown
 * since, so that none of those can be cut or dropped unseen. After a failed write nobody knows what the database has,
 * so the chain ends there and the next record begins another one.
 */
import { randomUUID } from 'node:crypto';
import type { Database } from '../store/database';
import { Abandoned, type TimedEntry } from './abandoned';
import { NO_HASH, toRow, type AuditEntry, type NewAuditRow } from './audit-record';
import { insertRows, selectKnownIds, takeUnlinkedHeads, type ChainHead } from './audit.repository';
import { newRecordId } from './record-id';

const NOBODY = { actor: 'gateway', issuer: 'local', requestId: 'audit' } as const;

/** How often abandoned requests are looked for, beside each beginning of a chain. Milliseconds. */
const LOOK_EVERY_MS = 5000;

export class AuditChain {
  /** Null: a new chain is begun with the next write. */
  private current: ChainHead | null = null;

  private readonly abandoned = new Abandoned();
  private timer: NodeJS.Timeout | null = null;
  private isWriting = false;
  private isLookDue = false;
  private looking: Promise<void> | null = null;

  /** @param onFound an outcome that is to be written: see {@link abandon} */
  constructor(
    private readonly database: Database,
    private readonly onFound: (outcome: TimedEntry) => void = () => undefined,
  ) {}

  /** For the request of a kick that was not sent, as its record could not be written: it is looked for. */
  abandon(entry: AuditEntry): void {
    this.abandoned.add(entry);
    if (!this.abandoned.isEmpty) this.timer ??= setInterval(() => void this.look(), LOOK_EVERY_MS).unref();
  }

  /** Looks for abandoned requests, now or behind the write that is under way. Never rejects. */
  look(): Promise<void> {
    if (this.isWriting) this.isLookDue = true;
    else this.looking ??= this.lookAlone();
    return this.looking ?? Promise.resolve();
  }

  /** No look from now on. */
  stop(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
  }

  /** What has to be kept elsewhere to prove that nothing was cut off after it; null before the first write. */
  get head(): ChainHead | null {
    return this.current;
  }

  /** All of them or none. One call at a time. @throws when the database doesn't confirm */
  async write(entries: readonly TimedEntry[]): Promise<void> {
    // What a look finds must not be told here as well.
    if (this.looking !== null) await this.looking;
    this.isWriting = true;
    try {
      const head = this.current;
      this.current = null;
      this.current = head === null ? await this.begin(entries) : await this.append(this.database, head, entries);
    } finally {
      this.isWriting = false;
      if (this.isLookDue) void this.look();
    }
  }

  private async lookAlone(): Promise<void> {
    this.isLookDue = false;
    try {
      const found = await this.abandoned.find(this.database);
      this.abandoned.forget(found);
      found.forEach(this.onFound);
      if (this.abandoned.isEmpty) this.stop();
    } catch {
      // The database is away still; the next look comes.
    } finally {
      this.looking = null;
    }
  }

  private async begin(entries: readonly TimedEntry[]): Promise<ChainHead> {
    let told: readonly TimedEntry[] = [];
    const head = await this.database.transaction(async (transaction) => {
      const links = await takeUnlinkedHeads(transaction);
      // After a failure: it may have been the answer alone that was lost.
      const written = await selectKnownIds(
        transaction,
        entries.map(({ entry }) => entry.id),
      );
      const unwritten = entries.filter(({ entry }) => !written.has(entry.id));
      told = await this.abandoned.find(transaction);
      const opened: AuditEntry = { ...NOBODY, id: newRecordId(), action: 'CHAIN_OPENED', details: { links } };
      const start = { chain: randomUUID(), seq: 0, hash: NO_HASH };
      const opening = { entry: opened, time: unwritten[0]?.time ?? new Date() };
      return this.append(transaction, start, [opening, ...told, ...unwritten]);
    });
    this.abandoned.forget(told);
    return head;
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
