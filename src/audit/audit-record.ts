/** What one record of the audit trail holds, and the hash that chains it to the one before. Pure. */
import { createHmac, hash } from 'node:crypto';
import type { UserIdType } from '../kick/user-id-type.enum';
import type { KickReason } from '../kick/kick-reason.enum';
import { randomHex } from '../random-hex';
import type { RecordedAction } from './audit-action.enum';

/** Everything that is known about one event; what doesn't apply is left out. */
export interface AuditEntry {
  /** Made by whoever asks for the record, so that it has a name even if it can't be written. */
  id: string;
  action: RecordedAction;
  /** The caller's `sub`. */
  actor: string;
  /** The caller's `iss`. */
  issuer: string;
  requestId: string;
  /** The record of the request that this one tells the outcome of. */
  follows?: string | null;
  jobId?: string | null;
  reason?: KickReason | null;
  ticket?: string | null;
  target?: RecordTarget | null;
  appIds?: readonly string[] | null;
  /** Why it failed: a code of the schema's. */
  code?: string | null;
  mayHaveTakenEffect?: boolean | null;
  /** GenAuth's own id of the request. */
  upstreamRequestId?: string | null;
  durationMs?: number | null;
  /** A few facts of this action only. No personal data: it is never erased. */
  details?: Readonly<Record<string, unknown>> | null;
}

/** One record as the table has it. Hashes are hexadecimal SHA-256. */
export interface AuditRow {
  id: string;
  chain: string;
  seq: number;
  /** With milliseconds. */
  time: Date;
  action: string;
  actor: string;
  issuer: string;
  request_id: string;
  follows: string | null;
  job_id: string | null;
  reason: string | null;
  ticket: string | null;
  target_type: string | null;
  target_hash: string | null;
  app_ids: string[] | null;
  code: string | null;
  may_have_taken_effect: boolean | null;
  upstream_request_id: string | null;
  duration_ms: number | null;
  /** JSON, kept as text: what is hashed must come back to the letter. */
  details: string | null;
  previous_hash: string;
  hash: string;
  target_id: string | null;
  target_key: string | null;
}

type Unsent<Row> = { [Name in keyof Row]: null extends Row[Name] ? Exclude<Row[Name], null> | undefined : Row[Name] };

/** One on its way there. What is undefined need not be sent: it becomes null, and is hashed as null. */
export interface NewAuditRow extends Unsent<Omit<AuditRow, 'time'>> {
  /** As ISO 8601 has it: what is hashed, and what is sent. */
  time: string;
}

/** Before the first record of a chain there is nothing. */
export const NO_HASH = '0'.repeat(64);

/** What stands for a target in its records. */
interface TargetMark {
  key: string;
  hash: string;
}

/** Whom a record is about. The records of one kick have one target, and one mark of it. */
export class RecordTarget {
  private made: TargetMark | null = null;

  constructor(
    readonly type: UserIdType,
    readonly id: string,
  ) {}

  /** The key is random: once it is erased with the target, not even a guessed phone number can be tried on the hash. */
  get mark(): TargetMark {
    if (this.made !== null) return this.made;
    const key = randomHex();
    return (this.made = { key, hash: hashTarget(key, this.type, this.id) });
  }
}

export const hashTarget = (key: string, type: string, id: string): string =>
  createHmac('sha256', Buffer.from(key, 'hex')).update(`${type}\0${id}`).digest('hex');

/** The format of what is hashed; a change of it gets the next number, and the verifier goes on knowing this one. */
const FORMAT = 1;

/** Covers everything but the plain target and its key, which may be erased. */
export const hashRecord = (row: Omit<AuditRow | NewAuditRow, 'hash' | 'target_id' | 'target_key'>): string =>
  hash(
    'sha256',
    JSON.stringify([
      FORMAT,
      row.id,
      row.chain,
      row.seq,
      typeof row.time === 'string' ? row.time : row.time.toISOString(),
      row.action,
      row.actor,
      row.issuer,
      row.request_id,
      row.follows,
      row.job_id,
      row.reason,
      row.ticket,
      row.target_type,
      row.target_hash,
      row.app_ids,
      row.code,
      row.may_have_taken_effect,
      row.upstream_request_id,
      row.duration_ms,
      row.details,
      row.previous_hash,
    ]),
    'hex',
  );

let lastTime = { ms: 0, text: new Date(0).toISOString() };

/** Records of one millisecond are many, and V8 puts a time into words slowly. */
function toText(time: Date): string {
  const ms = time.getTime();
  if (ms !== lastTime.ms) lastTime = { ms, text: time.toISOString() };
  return lastTime.text;
}

/** Where in a chain a record goes. */
export interface ChainPlace {
  chain: string;
  /** From 1, without gaps. */
  seq: number;
  previousHash: string;
}

export function toRow(entry: AuditEntry, time: Date, place: ChainPlace): NewAuditRow {
  const { target } = entry;
  const mark = target?.mark;
  const row: NewAuditRow = {
    id: entry.id,
    chain: place.chain,
    seq: place.seq,
    time: toText(time),
    action: entry.action,
    actor: entry.actor,
    issuer: entry.issuer,
    request_id: entry.requestId,
    follows: entry.follows ?? undefined,
    job_id: entry.jobId ?? undefined,
    reason: entry.reason ?? undefined,
    ticket: entry.ticket ?? undefined,
    target_type: target?.type,
    target_hash: mark?.hash,
    app_ids: entry.appIds == null ? undefined : [...entry.appIds],
    code: entry.code ?? undefined,
    may_have_taken_effect: entry.mayHaveTakenEffect ?? undefined,
    upstream_request_id: entry.upstreamRequestId ?? undefined,
    duration_ms: entry.durationMs == null ? undefined : Math.round(entry.durationMs),
    details: entry.details == null ? undefined : JSON.stringify(entry.details),
    previous_hash: place.previousHash,
    hash: '',
    target_id: target?.id,
    target_key: mark?.key,
  };
  row.hash = hashRecord(row);
  return row;
}
