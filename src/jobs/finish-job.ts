import type { AuditService } from '../audit/audit.service';
import type { Logger } from '../observability/logger';
import type { Database } from '../store/database';
import { finishIfSettled, type JobRow } from './kick-job.repository';
import { countProgress } from './kick-outcome.repository';

/** What it takes to end a job. */
export interface FinishTools {
  database: Database;
  audit: AuditService;
  log: Logger;
}

/**
 * Ends a job in which no user is pending any more, and records what came of them; of several who try at once, one does.
 * It is the doing of whoever asked for the job, even if somebody else has cancelled it: that has a record of its own.
 */
export async function finishJob({ database, audit, log }: FinishTools, job: JobRow): Promise<void> {
  const { issuer, subject: actor, request_id: requestId, id: jobId } = job;
  // Together: a job that is finished and can't be counted would have no record of its end.
  const finished = await database.transaction(async (transaction) => {
    const state = await finishIfSettled(transaction, jobId);
    return state === null ? null : { state, counts: await countProgress(transaction, jobId) };
  });
  if (finished === null) return;
  const { state, counts } = finished;
  log.info({ jobId, requestId, state, ...counts }, 'job finished');
  audit.after({ action: 'JOB_FINISHED', actor, issuer, requestId, jobId, details: { state, ...counts } });
}
