import type { AuditService } from '../audit/audit.service';
import { ErrorCode } from '../errors';
import type { Caller } from '../kick/kick-users.service';
import { loggableTicket } from '../observability/loggable';
import type { JobRow } from './kick-job.repository';

export type JobAction = 'JOB_STARTED' | 'JOB_RETRIED' | 'JOB_CANCELLED';

/** What is known of something that the database may have done: its answer was lost. */
export const MAYBE = { code: ErrorCode.AUDIT_UNAVAILABLE, mayHaveTakenEffect: true } as const;

/** The records of what callers do with jobs, each with its line in the log. */
export const jobRecorder =
  (audit: AuditService) =>
  (
    action: JobAction,
    { id: jobId, reason, ticket, app_ids: appIds }: JobRow,
    { principal: { subject: actor, issuer }, requestId, log }: Caller,
    details: Readonly<Record<string, unknown>>,
    isCertain = true,
  ): void => {
    const doubt = isCertain ? {} : MAYBE;
    audit.after({ action, actor, issuer, requestId, jobId, reason, ticket, appIds, details, ...doubt });
    const told = { action, actor, jobId, reason, ticket: loggableTicket(ticket), ...details, ...doubt };
    log[isCertain ? 'info' : 'warn'](told, 'job');
  };
