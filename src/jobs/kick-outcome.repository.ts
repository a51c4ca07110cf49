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

/**
 * Whose input can be guessed at: a hash of users needs no key as long as their ids stand beside it, and has to go with the
 * first of them. That of a retry is one of the earlier job's id.
 */
const HAS_HASHED_USERS = `input_hash <> '' and retry_of is null`;

/** In the order of the list. @param after a line, exclusive */
export const listOutcomes = (
  store: Queryable,
  jobId: string,
  state: KickOutcomeState | null,
  after: number,
  limit: number,
): Promise<OutcomeRow[]> =>
  store.query<OutcomeRow>(
    // A line that is not settled has notes there for whoever goes on with it.
    `select line, user_id, state, case when state <> 'PENDING' then code end as code,
       case when state <> 'PENDING' then message end as message, attempts, finished_at, verified_offline from kick_lines
     where job_id = $1 and line > $2 and ($3::text is null or state = $3) order by line limit $4`,
    [jobId, after, state, limit],
  );

/** The users of a finished job that a person may want to try again, in order. */
export const listUnsettledUsers = (store: Queryable, jobId: string) =>
  store.query<{ user_id: string | null }>(
    `select user_id from kick_lines where job_id = $1 and state in ('FAILED', 'UNKNOWN') order by line`,
    [jobId],
  );

/**
 * Empties the users of some lines settled before then, with GenAuth's texts about them and the hashes of the inputs that
 * named them. @returns how many lines, at most `limit`
 */
export async function eraseUsersBefore(store: Queryable, before: Date, limit: number): Promise<number> {
  const rows = await store.query(
    // Jobs are locked in an order, as two gateways that erase at once would wait for each other otherwise.
    `with old as (
       select job_id, line from kick_lines where user_id is not null and finished_at < $1
       order by finished_at limit $2 for update skip locked
     ), hashed as (
       select id from kick_jobs where id in (select job_id from old) and ${HAS_HASHED_USERS} order by id for update
     ), forgotten as (
       update kick_jobs j set input_hash = '' from hashed where j.id = hashed.id
     )
     update kick_lines l set user_id = null, message = null
     from old where l.job_id = old.job_id and l.line = old.line returning l.line`,
    [before, limit],
  );
  return rows.length;
}

/**
 * Empties one user's id, and GenAuth's texts about them, in the outcomes of all jobs, and the hash of an input that named
 * anybody who is erased. Job by job, as there is no index of users, and a statement over all lines would be given up.
 * Yields for each job in how many lines it was, and how many that are not settled name the user still.
 */
export async function* eraseUser(
  store: Queryable,
  type: UserIdType,
  id: string,
): AsyncGenerator<{ erased: number; pending: number }, void> {
  const jobs = await store.query<{ id: string }>('select id from kick_jobs where user_id_type = $1', [type]);
  for (const job of jobs) {
    const [counts] = await store.query<{ erased: number; pending: number }>(
      `with named as (
         select line, finished_at from kick_lines where job_id = $1 and user_id = $2
       ), erased as (
         update kick_lines l set user_id = null, message = null from named
         where l.job_id = $1 and l.line = named.line and named.finished_at is not null returning l.line
       ), forgotten as (
         update kick_jobs set input_hash = '' where id = $1 and ${HAS_HASHED_USERS} and (
           exists (select from named where finished_at is not null)
           or exists (select from kick_lines where job_id = $1 and user_id is null)
         )
       )
       select (select count(*) from erased)::integer as erased,
         (select count(*) from named where finished_at is null)::integer as pending`,
      [job.id, id],
    );
    if (counts !== undefined) yield counts;
  }
}

/**
 * Empties the hashes of inputs of some jobs that ended before then: of those whose users a release erased that left the
 * hashes. @returns how many, at most `limit`
 */
export async function eraseInputsBefore(store: Queryable, before: Date, limit: number): Promise<number> {
  const rows = await store.query(
    `with old as (
       select id from kick_jobs where finished_at < $1 and ${HAS_HASHED_USERS} order by id limit $2 for update skip locked
     )
     update kick_jobs j set input_hash = '' from old where j.id = old.id returning j.id`,
    [before, limit],
  );
  return rows.length;
}
