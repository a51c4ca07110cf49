import type { AuditService } from '../audit/audit.service';
import type { Logger } from '../observability/logger';
import type { Database } from '../store/database';
import { isAway } from '../store/away';
import { finishIfSettled, type JobRow } from './kick-job.repository';
import { countProgress } from './kick-outcome.repository';
import { MAYBE } from './record-job';

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
  let finished: { state: string; counts: object } | null = null;
  const record = (isCertain: boolean): void => {
    if (finished === null) return;
    const { state, counts } = finished;
    const details = { state, ...counts };
    audit.after({ action: 'JOB_FINISHED', actor, issuer, requestId, jobId, details, ...(isCertain ? {} : MAYBE) });
  };
  try {
    await database.transaction(async (transaction) => {
      const state = await finishIfSettled(transaction, jobId);
      if (state !== null) finished = { state, counts: await countProgress(transaction, jobId) };
    });
  } catch (error) {
    // What was lost may be the answer alone, and whoever tries again would find it finished.
    if (isAway(error)) record(false);
    throw error;
  }
  if (finished === null) return;
  const { state, counts }: { state: string; counts: object } = finished;
  log.info({ jobId, requestId, state, ...counts }, 'job finished');
  record(true);
}
