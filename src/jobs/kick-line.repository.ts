/**
 * The SQL of a job's lines: what each user's calls have come to, written so that only the line's owner can. Several
 * gateways write to the lines of a job at the same time: whatever writes to more than one locks them in the order of their
 * numbers first, as two that lock the same lines in different orders wait for each other, until PostgreSQL breaks one off
 * (https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-DEADLOCKS).
 *
 * And whatever writes to some lines finds each by its key. PostgreSQL knows little of a job that has just come, takes it for
 * one of a line or two, and reads all of its lines for each that is written wherever a statement lets it: the job is told
 * by what the line is joined with, not by a parameter, and a lateral subquery that locks is not taken apart.
 */
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
  /** Of a call that failed, or was never answered, while others are still to be made. */
  code: ErrorCode | null;
  message: string | null;
  /** Milliseconds since its last call was first sent, by the database's clock; null: never. */
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
    `with pending as (
       select job_id, line from kick_lines where job_id = $1 and line between $2 and $3 and state = 'PENDING'
       order by line for update
     ), claimed as (
       update kick_lines l set owner = $4 from pending p where l.job_id = p.job_id and l.line = p.line
       returning l.line, user_id, calls, reads_done, reads_tried, attempts, code, message, sent_at
     )
     select line, user_id, calls, reads_done, reads_tried, attempts, code, message,
       extract(epoch from clock_timestamp() - sent_at)::float8 * 1000 as sent_ago_ms from claimed order by line`,
    [jobId, from, to, owner],
  );

/** How far reading back has come, as the row has it (see migration 4). */
export interface Reading {
  /** Apps that were seen to be offline. */
  done: number;
  /**
   * A letter for each other reading of the next app: `o` online, `x` not to be read. Of a call that is not sent yet, one for each
   * refusal that only puts it off: `x` because of our key, `w` because of GenAuth's limit.
   */
  tried: string;
}

/** What a line is to become, and what it must be for that. */
export interface LineChange {
  jobId: string;
  line: number;
  owner: string;
  /** As the owner knows it; another number means that somebody else has been at it. */
  attempts: number;
  /** Of a mark "sent" nobody knows whether it stands: the row may have one attempt more. Nothing was sent after it. */
  isMarkInDoubt: boolean;
  calls: string;
  reading: Reading;
  /** What its outcome will tell, if it is known already; nobody reads it before. */
  failure: { code: ErrorCode; message: string } | null;
}

/** GenAuth's texts are kept so far only: an outcome is no place for a page of HTML. Characters. */
const MAX_MESSAGE_LENGTH = 1000;

/** As JSON and the database can carry it, NUL and broken Unicode replaced: one text must not spoil a whole statement. */
const storable = (text: string): string => text.slice(0, MAX_MESSAGE_LENGTH).replaceAll('\0', '\uFFFD').toWellFormed();

const CHANGE = `job_id uuid, line integer, owner uuid, attempts integer, most_attempts integer, calls text,
  reads_done integer, reads_tried text, failure_code text, failure_message text`;
const toRecord = ({ jobId, line, owner, attempts, isMarkInDoubt, calls, reading, failure }: LineChange) => ({
  job_id: jobId,
  line,
  owner,
  attempts,
  most_attempts: attempts + Number(isMarkInDoubt),
  calls,
  reads_done: reading.done,
  reads_tried: reading.tried,
  failure_code: failure?.code,
  failure_message: failure && storable(failure.message),
});
/**
 * Locks those of the changes' lines that are their owner's still. A write whose answer was lost may be repeated: it finds the
 * line as it left it.
 * @param columns of each change @param ofChange a condition @param states that the line may be in
 */
const lockOwn = (columns: string, ofChange = 'true', states = `l.state = 'PENDING'`): string => `
  with changes as (
    select c.* from jsonb_to_recordset($1::text::jsonb) as c (${columns}) where ${ofChange} order by job_id, line
  ), own as (
    select c.* from changes c cross join lateral (
      select from kick_lines l
      where l.job_id = c.job_id and l.line = c.line
        and l.owner = c.owner and l.attempts between c.attempts and c.most_attempts and ${states}
      for update
    ) l
  )`;
const OF_OWN =
  'from own c where l.job_id = c.job_id and l.line = c.line returning l.job_id as "jobId", l.line, c.owner';
/** A line in somebody's hands: of two who take it for theirs, one is right. */
export type LineKey = Pick<LineChange, 'jobId' | 'line' | 'owner'>;

/**
 * "Sent", before it is: one attempt more. Refused for lines of another owner, and of jobs that are cancelled. The time is
 * that of a call's first sending: how late it may be repeated counts from there.
 */
export const markSent = (store: Queryable, changes: readonly LineChange[]) =>
  store.query<LineKey>(
    `${lockOwn(CHANGE, `exists (select from kick_jobs where id = c.job_id and state in ('QUEUED', 'RUNNING'))`)}
     update kick_lines l set attempts = c.attempts + 1, calls = c.calls, reads_done = c.reads_done,
       reads_tried = c.reads_tried, code = c.failure_code, message = c.failure_message,
       sent_at = case when c.calls = l.calls or c.calls ~ 'r' then l.sent_at else clock_timestamp() end ${OF_OWN}`,
    [JSON.stringify(changes.map(toRecord))],
  );

/** What is known of its calls by now, and of its reading back. */
export const saveCalls = (store: Queryable, changes: readonly LineChange[]) =>
  store.query<LineKey>(
    `${lockOwn(CHANGE)}
     update kick_lines l set attempts = c.attempts, calls = c.calls, reads_done = c.reads_done,
       reads_tried = c.reads_tried, code = c.failure_code, message = c.failure_message ${OF_OWN}`,
    [JSON.stringify(changes.map(toRecord))],
  );

export interface Settlement extends LineChange {
  state: KickOutcomeState;
  code: ErrorCode | null;
  message: string | null;
  verifiedOffline: boolean | null;
}

/** The line's outcome, for good. It keeps its owner, who may say it again. */
export const settleLines = (store: Queryable, settlements: readonly Settlement[]) =>
  store.query<LineKey>(
    `${lockOwn(`${CHANGE}, state text, code text, message text, verified_offline boolean`, 'true', `l.state in ('PENDING', c.state)`)}
     update kick_lines l set attempts = c.attempts, calls = c.calls, state = c.state, code = c.code, message = c.message,
       verified_offline = c.verified_offline, finished_at = coalesce(l.finished_at, clock_timestamp()) ${OF_OWN}`,
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
