/** Reading jobs: who may see which, and what is known of them now. */
import type { Principal } from '../auth/principal';
import { Scope } from '../auth/scope';
import { AppError, ErrorCode } from '../errors';
import { MAX_APPS_PER_CALL } from '../kick/apps-per-call';
import { isUuid } from '../is-uuid';
import { UserIdType } from '../kick/user-id-type.enum';
import type { Reader, ReadingTurns } from '../limits/reading-turns';
import { unlessAway } from '../store/away';
import type { Database } from '../store/database';
import { countUsersBeside, type UsersBeside } from './jobs-under-way.repository';
import { findJob, listJobs, type JobRow } from './kick-job.repository';
import { countProgress, listOutcomes, type Progress } from './kick-outcome.repository';
import type { KickOutcomeState } from './kick-outcome-state.enum';

export interface Outlook {
  /** Why nothing is sent at the moment; null when something is. */
  pausedReason: () => Promise<string | null> | string | null;
  /** Calls to GenAuth in a second, of all gateways. */
  callsPerSecond: () => number;
}

/** Who may see some jobs, or all. */
type JobReader = Reader & { principal: Principal };

interface OutcomePage {
  /** Null: in any. */
  state: KickOutcomeState | null;
  /** The line to go on behind. */
  after: number;
  limit: number;
}

function visible(job: JobRow | undefined, { principal: caller }: JobReader): JobRow | undefined {
  const isOwn = job?.issuer === caller.issuer && job.subject === caller.subject;
  return isOwn || caller.scopes.has(Scope.READ) ? job : undefined;
}

/** All of it throws a DatabaseAwayError while the database can't be used. */
export class KickJobReadsService {
  constructor(
    private readonly database: Database,
    private readonly turns: ReadingTurns,
    private readonly outlook: Outlook,
  ) {}

  /** Undefined when there is none, or it is not this caller's to see; the caller can't tell which. */
  async find(id: string, reader: JobReader): Promise<JobRow | undefined> {
    return isUuid(id) ? visible(await this.turns.read(reader, () => findJob(this.database, id)), reader) : undefined;
  }

  /**
   * For a mutation: at once, whatever else its caller reads, and though they hang up.
   * @throws {AppError} JOB_NOT_FOUND
   */
  async get(id: string, caller: JobReader): Promise<JobRow> {
    const job = isUuid(id) ? visible(await unlessAway(() => findJob(this.database, id)), caller) : undefined;
    if (job === undefined)
      throw new AppError(ErrorCode.JOB_NOT_FOUND, 'There is no such job, or it is not yours to see.');
    return job;
  }

  /** Newest first. Without the scope to read, one's own only. */
  list(reader: JobReader, before: string | null, limit: number): Promise<JobRow[]> {
    const { principal: caller } = reader;
    const owner = caller.scopes.has(Scope.READ) ? null : caller;
    return this.turns.read(reader, () => listJobs(this.database, owner, before, limit));
  }

  progress(job: JobRow, reader: Reader): Promise<Progress> {
    return this.turns.read(reader, () => countProgress(this.database, job.id));
  }

  outcomes(job: JobRow, { state, after, limit }: OutcomePage, reader: Reader) {
    return this.turns.read(reader, () => listOutcomes(this.database, job.id, state, after, limit));
  }

  async pausedReason(job: JobRow, reader: Reader): Promise<string | null> {
    return job.finished_at === null ? this.turns.read(reader, async () => this.outlook.pausedReason()) : null;
  }

  /**
   * From what is left and the pace of the moment, which jobs share alike: for each user of one, each other job has one. Null
   * when it is finished, or nothing is sent.
   */
  async estimatedFinishAt(job: JobRow, reader: Reader): Promise<Date | null> {
    if (job.finished_at !== null || (await this.pausedReason(job, reader)) !== null) return null;
    const { pending } = await this.progress(job, reader);
    const others = await this.turns.read(reader, () => countUsersBeside(this.database, job.id, pending));
    const own = { apps: job.app_ids.length, type: job.user_id_type, verify: job.verify, users: pending };
    const calls = [own, ...others].reduce((sum, some) => sum + some.users * callsPerUser(some), 0);
    const seconds = calls / Math.max(0.01, this.outlook.callsPerSecond());
    return new Date(Date.now() + Math.min(seconds * 1000, MAX_WAIT_MS));
  }
}

/** Kicks, and what `verify` reads afterwards: each app, and GenAuth's own id where the job has another one. */
function callsPerUser({ apps, type, verify }: UsersBeside): number {
  const lookups = type === UserIdType.USER_ID ? 0 : 1;
  return Math.ceil(apps / MAX_APPS_PER_CALL) + (verify ? apps + lookups : 0);
}

/** A date further away than a century is none. */
const MAX_WAIT_MS = 100 * 365 * 24 * 60 * 60 * 1000;
