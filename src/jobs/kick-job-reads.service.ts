/** Reading jobs: who may see which, and what is known of them now. */
import { bulkhead } from 'cockatiel';
import type { Principal } from '../auth/principal';
import { Scope } from '../auth/scope';
import { AppError, ErrorCode } from '../errors';
import { MAX_APPS_PER_CALL } from '../kick/apps-per-call';
import { isUuid } from '../is-uuid';
import { UserIdType } from '../kick/user-id-type.enum';
import { unlessAway } from '../store/away';
import type { Database } from '../store/database';
import { findJob, listJobs, type JobRow } from './kick-job.repository';
import { countProgress, listOutcomes, type Progress } from './kick-outcome.repository';
import type { KickOutcomeState } from './kick-outcome-state.enum';

/**
 * Readings of a job's lines at once. A page of jobs asks for a hundred, and the connections to the database are few: kicks
 * would have to wait for all of them.
 */
const AT_ONCE = 2;

export interface Outlook {
  /** Why nothing is sent at the moment; null when something is. */
  pausedReason: () => Promise<string | null> | string | null;
  /** Calls to GenAuth in a second, of all gateways. */
  callsPerSecond: () => number;
}

/** All of it throws a DatabaseAwayError while the database can't be used. */
export class KickJobReadsService {
  private readonly turns = bulkhead(AT_ONCE, Infinity);

  constructor(
    private readonly database: Database,
    private readonly outlook: Outlook,
  ) {}

  /** Undefined when there is none, or it is not this caller's to see; the caller can't tell which. */
  async find(id: string, caller: Principal): Promise<JobRow | undefined> {
    if (!isUuid(id)) return undefined;
    const job = await unlessAway(() => findJob(this.database, id));
    const isOwn = job?.issuer === caller.issuer && job.subject === caller.subject;
    return isOwn || caller.scopes.has(Scope.READ) ? job : undefined;
  }

  /** @throws {AppError} JOB_NOT_FOUND */
  async get(id: string, caller: Principal): Promise<JobRow> {
    const job = await this.find(id, caller);
    if (job === undefined)
      throw new AppError(ErrorCode.JOB_NOT_FOUND, 'There is no such job, or it is not yours to see.');
    return job;
  }

  /** Newest first. Without the scope to read, one's own only. */
  list(caller: Principal, before: string | null, limit: number): Promise<JobRow[]> {
    const owner = caller.scopes.has(Scope.READ) ? null : caller;
    return unlessAway(() => listJobs(this.database, owner, before, limit));
  }

  progress(job: JobRow): Promise<Progress> {
    return this.turns.execute(() => unlessAway(() => countProgress(this.database, job.id)));
  }

  outcomes(job: JobRow, state: KickOutcomeState | null, after: number, limit: number) {
    return this.turns.execute(() => unlessAway(() => listOutcomes(this.database, job.id, state, after, limit)));
  }

  async pausedReason(job: JobRow): Promise<string | null> {
    return job.finished_at === null ? unlessAway(async () => this.outlook.pausedReason()) : null;
  }

  /** From what is left and the pace of the moment; null when it is finished, or nothing is sent. */
  async estimatedFinishAt(job: JobRow): Promise<Date | null> {
    if (job.finished_at !== null || (await this.pausedReason(job)) !== null) return null;
    const { pending } = await this.progress(job);
    const seconds = (pending * callsPerUser(job)) / Math.max(0.01, this.outlook.callsPerSecond());
    return new Date(Date.now() + Math.min(seconds * 1000, MAX_WAIT_MS));
  }
}

/** Kicks, and what `verify` reads afterwards: each app, and GenAuth's own id where the job has another one. */
function callsPerUser({ app_ids: { length: apps }, user_id_type: type, verify }: JobRow): number {
  const lookups = type === UserIdType.USER_ID ? 0 : 1;
  return Math.ceil(apps / MAX_APPS_PER_CALL) + (verify ? apps + lookups : 0);
}

/** A date further away than a century is none. */
const MAX_WAIT_MS = 100 * 365 * 24 * 60 * 60 * 1000;
