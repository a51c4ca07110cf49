/** The SQL of what jobs still have before them, together. */
import type { UserIdType } from '../kick/user-id-type.enum';
import type { Queryable } from '../store/database';
import type { KickJobState } from './kick-job-state.enum';

/** Users of some jobs whose calls are alike. */
export interface UsersBeside {
  /** Of the job. */
  apps: number;
  type: UserIdType;
  verify: boolean;
  users: number;
}

/** Of the other jobs that are under way, as if none of their users had been called yet; of each job `most` at most. */
export const countUsersBeside = (store: Queryable, id: string, most: number) =>
  store.query<UsersBeside>(
    `select cardinality(app_ids) as apps, user_id_type as type, verify, sum(least(total, $2::integer))::float8 as users
     from kick_jobs where finished_at is null and state <> 'CANCELLING' and id <> $1 group by 1, 2, 3`,
    [id, most],
  );

/** How many jobs are in each state that is not final, and how many of their users are pending. */
export const countJobsByState = (store: Queryable) =>
  store.query<{ state: KickJobState; jobs: number; pending: number }>(
    `select j.state, count(*)::integer as jobs, sum(l.pending)::integer as pending
     from kick_jobs j cross join lateral (
       -- As all lines are, by number: without that, the lines of all jobs may be read for each one.
       select count(*) as pending from kick_lines
       where job_id = j.id and state = 'PENDING' and line between 0 and j.total
     ) l where j.finished_at is null group by j.state`,
  );
