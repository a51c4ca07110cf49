/** Policy of the record: what must stand before a kick, what is told after it, and what happens when it can't be told. */
import { AppError, ErrorCode } from '../errors';
import type { Fingerprint } from '../observability/fingerprint';
import { loggableAppIds, loggableTicket } from '../observability/loggable';
import type { Logger } from '../observability/logger';
import type { Loss } from '../observability/metrics';
import { RETRY_AFTER_SECONDS } from '../store/away';
import type { AuditLog } from './audit-log';
import type { AuditEntry } from './audit-record';
import { newRecordId } from './record-id';

export interface AuditPolicy {
  /** False: a kick goes ahead, loudly, when its record can't be written. */
  isRequired: boolean;
}

/** In place, as entries are made for this: a copy of one costs more than all that is in it. */
const name = (entry: Omit<AuditEntry, 'id'>): AuditEntry => Object.assign(entry, { id: newRecordId() });

export class AuditService {
  constructor(
    private readonly records: AuditLog,
    private readonly policy: AuditPolicy,
    private readonly fingerprint: Fingerprint,
    private readonly log: Logger,
    private readonly onLost: (why: Loss) => void = () => undefined,
  ) {}

  /**
   * The record that comes before the deed.
   * @returns its id; with `isRequired` false maybe that of the log line which stands in for it
   * @throws {AppError} AUDIT_UNAVAILABLE, and then the deed must not be done
   */
  async before(entry: Omit<AuditEntry, 'id'>): Promise<string> {
    const named = name(entry);
    try {
      await this.records.write(named);
    } catch (cause) {
      if (!this.policy.isRequired) this.standIn(named);
      else {
        this.records.abandon(named);
        throw this.unavailable(cause);
      }
    }
    return named.id;
  }

  /** The record of what has happened; nobody waits for it. @returns its id */
  after(entry: Omit<AuditEntry, 'id'>): string {
    const named = name(entry);
    this.records.note(named);
    return named.id;
  }

  /** Resolves when all records so far stand, or can't be written for now. */
  settled(): Promise<void> {
    return this.records.settle();
  }

  /** With the target's mark in place of the target. */
  private standIn({ id, target, ticket, appIds, ...rest }: AuditEntry): void {
    const user = target == null ? null : this.fingerprint(target.type, target.id);
    const texts = { ticket: loggableTicket(ticket), appIds: loggableAppIds(appIds ?? []) };
    this.log.error(
      { auditId: id, userIdType: target?.type, user, ...texts, ...rest },
      'audit record stands in the log only',
    );
    this.onLost('not_required');
  }

  private unavailable(cause: unknown): AppError {
    const message = 'The audit record cannot be written, so nothing was done.';
    return new AppError(ErrorCode.AUDIT_UNAVAILABLE, message, { cause, retryAfterSeconds: RETRY_AFTER_SECONDS });
  }
}
