/** The SQL of what users' lines have come to, for those who read it. */
import type { ErrorCode } from '../errors';
import type { UserIdType } from '../kick/user-id-type.enum';
import type { Queryable } from '../store/database';
import type { KickOutcomeState } from './kick-outcome-state.enum';

export interface OutcomeRow {
  line: number;
  user_id: string | null;
  state: KickOutcomeState;
  code: ErrorCode | null;
  message: string | null;
  attempts: number;
  finished_at: Date | null;
  verified_offline: boolean | null;
}

export interface Progress {
  total: number;
  pending: number;
  kicked: number;
  failed: number;
  unknown: number;
  skipped: number;
}

export const countProgress = async (store: Queryable, jobId: string): Promise<Progress> => {
  const rows = await store.query<{ state: KickOutcomeState; lines: number }>(
    `select state, count(*)::integer as lines from kick_lines where job_id = $1 group by state`,
    [jobId],
  );
  const count = (wanted: KickOutcomeState) => rows.find(({ state }) => state === wanted)?.lines ?? 0;
  return {
    total: rows.reduce((sum, { lines }) => sum + lines, 0),
    pending: count('PENDING'),
    kicked: count('KICKED'),
    failed: count('FAILED'),
    unknown: count('UNKNOWN'),
    skipped: count('SKIPPED'),
  };
};

/** In the order of the list. @param after a line, exclusive */
export const listOutcomes = (
  store: Queryable,
  jobId: string,
  state: KickOutcomeState | null,
  after: number,
  limit: number,
): Promise<OutcomeRow[]> =>
  store.query<OutcomeRow>(
    `select line, user_id, state, code, message, attempts, finished_at, verified_offline from kick_lines
     where job_id = $1 and line > $2 and ($3::text is null or state = $3) order by line limit $4`,
    [jobId, after, state, limit],
  );

/** The users of a finished job that a person may want to try again, in order. */
export const listUnsettledUsers = (store: Queryable, jobId: string) =>
  store.query<{ user_id: string | null }>(
    `select user_id from kick_lines where job_id = $1 and state in ('FAILED', 'UNKNOWN') order by line`,
    [jobId],
  );

/** Empties the users of some lines settled before then, with GenAuth's texts about them. @returns how many, at most `limit` */
export async function eraseUsersBefore(store: Queryable, before: Date, limit: number): Promise<number> {
  const rows = await store.query(
    `with old as (
       select job_id, line from kick_lines where user_id is not null and finished_at < $1
       limit $2 for update skip locked
     )
     update kick_lines l set user_id = null, message = null
     from old where l.job_id = old.job_id and l.line = old.line returning l.line`,
    [before, limit],
  );
  return rows.length;
}

/** Empties one user's id, and GenAuth's texts about them, in the outcomes of all jobs. @returns in how many */
export async function eraseUser(store: Queryable, type: UserIdType, id: string): Promise<number> {
  const rows = await store.query(
    `update kick_lines l set user_id = null, message = null from kick_jobs j
     where j.id = l.job_id and j.user_id_type = $1 and l.user_id = $2 and l.finished_at is not null returning l.line`,
    [type, id],
  );
  return rows.length;
}

/** In how many lines that are not settled a user is named. */
export async function countPendingLines(store: Queryable, type: UserIdType, id: string): Promise<number> {
  const [row] = await store.query<{ pending: number }>(
    `select count(*)::integer as pending from kick_lines l join kick_jobs j on j.id = l.job_id
     where j.user_id_type = $1 and l.user_id = $2 and l.finished_at is null`,
    [type, id],
  );
  return row?.pending ?? 0;
}
