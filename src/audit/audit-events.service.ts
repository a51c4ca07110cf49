/** Reading the audit trail. */
import { isUuid } from '../is-uuid';
import { unlessAway } from '../store/away';
import type { Database } from '../store/database';
import { isStorable } from '../store/storable';
import type { AuditLog } from './audit-log';
import { selectEvents, type AuditFilter } from './audit-repository';

export class AuditEventsService {
  constructor(
    private readonly database: Database,
    private readonly records: Pick<AuditLog, 'settle'>,
  ) {}

  /**
   * Newest first; what this gateway has answered before is among them.
   * @param before a position to go on behind; null: from the newest
   * @throws {DatabaseAwayError}
   */
  async list(filter: AuditFilter, before: string | null, limit: number) {
    // Nothing has such a name, and PostgreSQL would call it an error.
    if (filter.jobId !== null && !isUuid(filter.jobId)) return [];
    if (![filter.actor, filter.userId].every((text) => text === null || isStorable(text))) return [];
    await this.records.settle();
    return unlessAway(() => selectEvents(this.database, filter, before, limit));
  }
}
