/** The SQL of jobs. */
import type { Identity } from '../auth/principal';
import type { KickReason } from '../kick/kick-reason.enum';
import type { UserIdType } from '../kick/user-id-type.enum';
import type { Queryable } from '../store/database';
import { LAST_POSITION } from '../store/last-position';
import type { KickJobState } from './kick-job-state.enum';

export interface JobRow {
  /** Text, as it may outgrow a JavaScript number. */
  position: string;
  id: string;
  issuer: string;
  subject: string;
  /** Empty once users of the input have been erased: whoever has it could try ids on it. */
  input_hash: string;
  state: KickJobState;
  user_id_type: UserIdType;
  app_ids: string[];
  reason: KickReason;
  ticket: string | null;
  verify: boolean;
  request_id: string;
  retry_of: string | null;
  /** Of the request that asked for it, as the W3C's header has it; null: it was not traced. */
  traceparent: string | null;
  created_at: Date;
  finished_at: Date | null;
}

const COLUMNS = `position::text as position, id, issuer, subject, input_hash, state, user_id_type, app_ids, reason, ticket,
  verify, request_id, retry_of, traceparent, created_at, finished_at`;

export interface NewJob {
  id: string;
  issuer: string;
  subject: string;
  idempotencyKey: string;
  inputHash: string;
  format: number;
  userIdType: UserIdType;
  appIds: readonly string[];
  reason: KickReason;
  ticket: string | null;
  verify: boolean;
  requestId: string;
  retryOf: string | null;
  traceparent: string | null;
  total: number;
}

/** One caller's jobs are accepted one after another, so that keys and counts can't be overtaken. */
export const lockCaller = async (store: Queryable, issuer: string, subject: string): Promise<void> => {
  await store.query(`select pg_advisory_xact_lock(hashtextextended($1 || chr(10) || $2, 7303))`, [issuer, subject]);
};

export const findByKey = async (store: Queryable, issuer: string, subject: string, key: string) => {
  const [job] = await store.query<JobRow>(
    `select ${COLUMNS} from kick_jobs where issuer = $1 and subject = $2 and idempotency_key = $3`,
    [issuer, subject, key],
  );
  return job;
};

export const findJob = async (store: Queryable, id: string) => {
  const [job] = await store.query<JobRow>(`select ${COLUMNS} from kick_jobs where id = $1`, [id]);
  return job;
};

export const countOpenJobs = async (store: Queryable, issuer: string, subject: string): Promise<number> => {
  const [row] = await store.query<{ open: number }>(
    `select count(*)::integer as open from kick_jobs where issuer = $1 and subject = $2 and finished_at is null`,
    [issuer, subject],
  );
  return row?.open ?? 0;
};

export async function insertJob(store: Queryable, job: NewJob): Promise<JobRow> {
  const [row] = await store.query<JobRow>(
    `insert into kick_jobs (id, issuer, subject, idempotency_key, input_hash, format, state, user_id_type, app_ids,
       reason, ticket, verify, request_id, retry_of, traceparent, total)
     values ($1, $2, $3, $4, $5, $6, 'QUEUED', $7, $8, $9, $10, $11, $12, $13, $14, $15) returning ${COLUMNS}`,
    [
      job.id,
      job.issuer,
      job.subject,
      job.idempotencyKey,
      job.inputHash,
      job.format,
      job.userIdType,
      [...job.appIds],
      job.reason,
      job.ticket,
      job.verify,
      job.requestId,
      job.retryOf,
      job.traceparent,
      job.total,
    ],
  );
  if (row === undefined) throw new Error('An inserted job did not come back.');
  return row;
}

/**
 * Newest first. A caller's are compared as rows, since only the index of callers is in that order: of an equation PostgreSQL
 * would conclude that the order is the position's alone, and read everybody's.
 * @param owner only this caller's; null: everybody's. @param before a position, exclusive
 */
export function listJobs(
  store: Queryable,
  owner: Identity | null,
  before: string | null,
  limit: number,
): Promise<JobRow[]> {
  const page = [before ?? LAST_POSITION, limit];
  if (owner === null) {
    const everybodys = `select ${COLUMNS} from kick_jobs where position < $1 order by kick_jobs.position desc limit $2`;
    return store.query<JobRow>(everybodys, page);
  }
  return store.query<JobRow>(
    `select ${COLUMNS} from kick_jobs
     where (issuer, subject, position) < ($3::text, $4::text, $1::bigint) and (issuer, subject) >= ($3::text, $4::text)
     order by issuer desc, subject desc, kick_jobs.position desc limit $2`,
    [...page, owner.issuer, owner.subject],
  );
}

/** The first call of a job is about to be made. */
export const setRunning = async (store: Queryable, id: string): Promise<void> => {
  await store.query(`update kick_jobs set state = 'RUNNING' where id = $1 and state = 'QUEUED'`, [id]);
};

/** @returns whether this was what cancelled it */
export const setCancelling = async (store: Queryable, id: string): Promise<boolean> => {
  const rows = await store.query(
    `update kick_jobs set state = 'CANCELLING' where id = $1 and state in ('QUEUED', 'RUNNING') returning id`,
    [id],
  );
  return rows.length > 0;
};

/**
 * Ends a job whose last line is settled. To be asked outside of the transaction that settled a line: of two gateways that
 * settle the last two, the one that asks later sees both. @returns the state that it ended in, if this was what ended it
 */
export const finishIfSettled = async (store: Queryable, id: string): Promise<KickJobState | null> => {
  const [row] = await store.query<{ state: KickJobState }>(
    `update kick_jobs set finished_at = clock_timestamp(),
       state = case state when 'CANCELLING' then 'CANCELLED' else 'COMPLETED' end
     where id = $1 and finished_at is null
       and (select line from kick_lines where job_id = $1 and state = 'PENDING' order by line limit 1) is null
     returning state`,
    [id],
  );
  return row?.state ?? null;
};

/** Unfinished jobs in a chunk format that is not among the known ones. */
export const findJobsOfOtherFormats = async (store: Queryable, known: readonly number[]): Promise<string[]> => {
  const rows = await store.query<{ id: string }>(
    `select id from kick_jobs where finished_at is null and not (format = any ($1::integer[])) order by position`,
    [[...known]],
  );
  return rows.map(({ id }) => id);
};

/** Whether a live gateway tells that GenAuth is away, by its circuit. */
export const someCircuitIsOpen = async (store: Queryable): Promise<boolean> => {
  const rows = await store.query(
    `select 1 from pace_gateways
     where seen_at > clock_timestamp() - interval '10 seconds' and info ->> 'circuit' <> 'closed' limit 1`,
  );
  return rows.length > 0;
};
