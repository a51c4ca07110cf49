/** The SQL of a job's lines: what each user's calls have come to, written so that only the line's owner can. */
import type { ErrorCode } from '../errors';
import type { Queryable } from '../store/database';
import type { KickOutcomeState } from './kick-outcome-state.enum';

export interface NewLine {
  line: number;
  userId: string;
  /** The line that names the same user first; null when this is the first. */
  duplicateOf: number | null;
}

/** A line in the hands of this gateway. */
export interface OwnedLine {
  line: number;
  user_id: string;
  calls: string;
  reads_done: number;
  reads_tried: string;
  attempts: number;
  /** Milliseconds since its last call was sent, by the database's clock; null: never. */
  sent_ago_ms: number | null;
}

/** @param callCount how many calls each user takes */
export async function insertLines(
  store: Queryable,
  jobId: string,
  lines: readonly NewLine[],
  callCount: number,
): Promise<void> {
  await store.query(
    `insert into kick_lines (job_id, line, user_id, calls, state, message, finished_at)
     select $1::uuid, line, "userId", repeat('.', $3::integer),
       case when "duplicateOf" is null then 'PENDING' else 'SKIPPED' end,
       'the same user as userIds[' || "duplicateOf" || ']',
       case when "duplicateOf" is null then null else clock_timestamp() end
     from jsonb_to_recordset($2::text::jsonb) as new (line integer, "userId" text, "duplicateOf" integer)`,
    [jobId, JSON.stringify(lines), callCount],
  );
}

/** Makes unsettled lines this owner's; whoever had them can write to them no more. */
export const claimLines = (store: Queryable, jobId: string, from: number, to: number, owner: string) =>
  store.query<OwnedLine>(
    `with claimed as (
       update kick_lines set owner = $4
       where job_id = $1 and line between $2 and $3 and state = 'PENDING'
       returning line, user_id, calls, reads_done, reads_tried, attempts, sent_at
     )
     select line, user_id, calls, reads_done, reads_tried, attempts,
       extract(epoch from clock_timestamp() - sent_at)::float8 * 1000 as sent_ago_ms from claimed order by line`,
    [jobId, from, to, owner],
  );

/** How far reading back has come, as the row has it (see migration 4). */
export interface Reading {
  done: number;
  tried: string;
}

/** What a line is to become, and what it must be for that. */
export interface LineChange {
  jobId: string;
  line: number;
  owner: string;
  /** As the owner knows it; another number means that somebody else has been at it. */
  attempts: number;
  calls: string;
  reading: Reading;
}

const CHANGE = `job_id uuid, line integer, owner uuid, attempts integer, calls text,
  reads_done integer, reads_tried text`;
const toRecord = ({ jobId, line, owner, attempts, calls, reading }: LineChange) => ({
  job_id: jobId,
  line,
  owner,
  attempts,
  calls,
  reads_done: reading.done,
  reads_tried: reading.tried,
});
const IS_OWN = `l.job_id = c.job_id and l.line = c.line and l.owner = c.owner and l.attempts = c.attempts
  and l.state = 'PENDING'`;
type LineKey = Pick<LineChange, 'jobId' | 'line'>;

/** "Sent", before it is: one attempt more. Refused for lines of another owner, and of jobs that are cancelled. */
export const markSent = (store: Queryable, changes: readonly LineChange[]) =>
  store.query<LineKey>(
    `update kick_lines l set attempts = l.attempts + 1, calls = c.calls, sent_at = clock_timestamp()
     from jsonb_to_recordset($1::text::jsonb) as c (${CHANGE}), kick_jobs j
     where ${IS_OWN} and j.id = l.job_id and j.state in ('QUEUED', 'RUNNING')
     returning l.job_id as "jobId", l.line`,
    [JSON.stringify(changes.map(toRecord))],
  );

/** What is known of its calls by now, and of its reading back. */
export const saveCalls = (store: Queryable, changes: readonly LineChange[]) =>
  store.query<LineKey>(
    `update kick_lines l set calls = c.calls, reads_done = c.reads_done, reads_tried = c.reads_tried
     from jsonb_to_recordset($1::text::jsonb) as c (${CHANGE})
     where ${IS_OWN} returning l.job_id as "jobId", l.line`,
    [JSON.stringify(changes.map(toRecord))],
  );

export interface Settlement extends LineChange {
  state: KickOutcomeState;
  code: ErrorCode | null;
  message: string | null;
  verifiedOffline: boolean | null;
}

/** GenAuth's texts are kept so far only: an outcome is no place for a page of HTML. Characters. */
const MAX_MESSAGE_LENGTH = 1000;

/** As JSON and the database can carry it, NUL and broken Unicode replaced: one text must not spoil a whole statement. */
const storable = (text: string): string => text.slice(0, MAX_MESSAGE_LENGTH).replaceAll('\0', '\uFFFD').toWellFormed();

/** The line's outcome, for good. */
export const settleLines = (store: Queryable, settlements: readonly Settlement[]) =>
  store.query<LineKey>(
    `update kick_lines l set calls = c.calls, state = c.state, code = c.code, message = c.message,
       verified_offline = c.verified_offline, finished_at = clock_timestamp(), owner = null
     from jsonb_to_recordset($1::text::jsonb)
       as c (${CHANGE}, state text, code text, message text, verified_offline boolean)
     where ${IS_OWN} returning l.job_id as "jobId", l.line`,
    [
      JSON.stringify(
        settlements.map(({ state, code, message, verifiedOffline, ...change }) => ({
          ...toRecord(change),
          state,
          code,
          message: message === null ? null : storable(message),
          verified_offline: verifiedOffline,
        })),
      ),
    ],
  );

/** Those that nothing is in flight for. Their calls so far are told in the message. */
export const skipUnsentLines = async (store: Queryable, jobId: string): Promise<void> => {
  await store.query(
    `update kick_lines set state = 'SKIPPED', owner = null, finished_at = clock_timestamp(),
       message = case when calls ~ 'k'
         then 'the job was cancelled between the calls for this user; some of the apps were done'
         else 'the job was cancelled' end
     where job_id = $1 and state = 'PENDING' and calls !~ '[sr]'`,
    [jobId],
  );
};
