/** Reading the audit trail. */
import { isUuid } from '../is-uuid';
import type { Reader, ReadingTurns } from '../limits/reading-turns';
import type { Database } from '../store/database';
import { isStorable } from '../store/storable';
import type { AuditLog } from './audit-log';
import { selectEvents, type AuditFilter } from './audit.repository';

export class AuditEventsService {
  constructor(
    private readonly database: Database,
    private readonly records: Pick<AuditLog, 'settle'>,
    private readonly turns: ReadingTurns,
  ) {}

  /**
   * Newest first; what this gateway has answered before is among them.
   * @param before a position to go on behind; null: from the newest
   * @throws {DatabaseAwayError}
   */
  async list(filter: AuditFilter, before: string | null, limit: number, reader: Reader) {
    // Nothing has such a name, and PostgreSQL would call it an error.
    if (filter.jobId !== null && !isUuid(filter.jobId)) return [];
    if (![filter.actor, filter.userId].every((text) => text === null || isStorable(text))) return [];
    return this.turns.read(reader, async () => {
      await this.records.settle();
      return selectEvents(this.database, filter, before, limit);
    });
  }
}
