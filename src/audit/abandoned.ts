/**
 * Requests of kicks that were not sent, as their records could not be written. Where one turns out to stand, since only the
 * database's answer was lost, an outcome has to tell that nothing was done: a request without one is a kick in doubt.
 */
import type { Queryable } from '../store/database';
import type { AuditEntry } from './audit-record';
import { selectKnownIds } from './audit.repository';
import { newRecordId } from './record-id';

/** So many are remembered until the database is back; those that come after them are not looked for. */
const MAX_ABANDONED = 10_000;
/** A statement that a network holds back may arrive after its connection was given up, and is carried out then. Milliseconds. */
const LOOKED_FOR_MS = 5 * 60_000;

/** An entry with the time at which it happened. */
export interface TimedEntry {
  entry: AuditEntry;
  time: Date;
}

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

interface Undone extends TimedEntry {
  /** By `performance.now()`. */
  lookedForUntil: number;
}

export class Abandoned {
  /** By the requests' ids. Each has its own id from the start: of it, too, the answer alone may be lost, and it is told once. */
  private readonly undone = new Map<string, Undone>();

  get isEmpty(): boolean {
    return this.undone.size === 0;
  }

  add(entry: AuditEntry): void {
    if (entry.action !== 'KICK_REQUESTED' || this.undone.size >= MAX_ABANDONED) return;
    this.undone.set(entry.id, { ...toUndone(entry), lookedForUntil: performance.now() + LOOKED_FOR_MS });
  }

  /** The outcomes of those that stand without one. */
  async find(store: Queryable): Promise<TimedEntry[]> {
    if (this.isEmpty) return [];
    const abandoned = [...this.undone];
    const ids = abandoned.flatMap(([id, { entry }]) => [id, entry.id]);
    const known = await selectKnownIds(store, ids);
    return abandoned.filter(([id, { entry }]) => known.has(id) && !known.has(entry.id)).map(([, undone]) => undone);
  }

  /** @param told outcomes that are on their way, or stand */
  forget(told: readonly TimedEntry[]): void {
    for (const { entry } of told) this.undone.delete(entry.follows ?? '');
    const now = performance.now();
    for (const [id, { lookedForUntil }] of this.undone) if (lookedForUntil < now) this.undone.delete(id);
  }
}
