import type { Queryable } from '../store/database';
import type { Settlement } from './kick-line.repository';
import { SAID_EARLIER } from './line-outcomes';

/** Lines that were ended together, by what became of them. */
export interface EndedLines extends Pick<Settlement, 'state' | 'code'> {
  lines: number;
}

/**
 * Those that nothing is in flight for. Nothing is made of them that their calls so far don't say: one that failed, or may
 * have taken effect, is told as such (see `unsuccessful` in line-outcomes.ts), and so is one whose calls all succeeded and
 * were only to be read back; but whoever was seen online by then is not called out.
 */
export const skipUnsentLines = (store: Queryable, jobId: string) =>
  store.query<EndedLines>(
    `with unsent as (
       select job_id, line from kick_lines
       where job_id = $1 and state = 'PENDING' and calls !~ '[sr]' order by line for update
     ), ended as (
       update kick_lines l set owner = null, finished_at = clock_timestamp(),
         state = case when calls ~ 'f' then 'FAILED' when calls ~ 'u' then 'UNKNOWN'
           when calls ~ '[^k]' then 'SKIPPED' when reads_tried ~ 'o' then 'FAILED' else 'KICKED' end,
         verified_offline = case when calls !~ '[^k]' and reads_tried ~ 'o' then false end,
         code = case when calls ~ '[fu]' then code end,
         message = case
           when calls ~ '[fu]' then coalesce(message, $2) || ' (' || length(calls) - length(replace(calls, 'k', '')) ||
             ' of the ' || length(calls) || ' calls for this user succeeded)'
           when calls !~ '[^k]' and reads_tried ~ 'o'
             then 'GenAuth confirmed the kick, but the user was still online when the job was cancelled.'
           when calls !~ '[^k]' then 'GenAuth confirmed the kick; the job was cancelled before it was read back.'
           when calls ~ 'k' then 'the job was cancelled between the calls for this user; some of the apps were done'
           else 'the job was cancelled' end
       from unsent u where l.job_id = u.job_id and l.line = u.line returning l.state, l.code
     )
     select state, code, count(*)::integer as lines from ended group by state, code`,
    [jobId, SAID_EARLIER],
  );
