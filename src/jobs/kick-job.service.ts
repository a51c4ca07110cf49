/** Accepts, cancels and retries jobs, and owns the rules for it. */
import { createHash, randomUUID } from 'node:crypto';
import type { AuditService } from '../audit/audit.service';
import { AppError, ErrorCode } from '../errors';
import { MAX_APPS_PER_CALL } from '../kick/apps-per-call';
import type { Caller } from '../kick/kick-users.service';
import type { KickReason } from '../kick/kick-reason.enum';
import type { UserIdType } from '../kick/user-id-type.enum';
import type { Logger } from '../observability/logger';
import type { Tracing } from '../observability/tracing';
import { isAway, unlessAway } from '../store/away';
import type { Database, Queryable } from '../store/database';
import { CHUNK_SIZE, type ChunkFormat } from './chunk';
import { finishJob } from './finish-job';
import { invalidId, MAX_OPEN_JOBS, tooManyJobs } from './job-refusals';
import {
  countOpenJobs,
  findByKey,
  findJob,
  insertJob,
  lockCaller,
  setCancelling,
  type JobRow,
} from './kick-job.repository';
import { insertLines, type NewLine } from './kick-line.repository';
import { jobRecorder } from './record-job';
import { StartTurns } from './start-turns';
import { toLines } from './to-lines';
import { listUnsettledUsers } from './kick-outcome.repository';
import type { KickQueue } from './kick-queue';
import type { LineStore } from './line-store';
import { BEGUN_NOTHING, MAY_BE_ACCEPTED, MAY_BE_CANCELLED } from './while-away';

export interface JobRequest {
  userIds: readonly string[];
  appIds: readonly string[];
  userIdType: UserIdType;
  reason: KickReason;
  ticket?: string | null;
  idempotencyKey: string;
  verify: boolean;
}

const hashOf = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex');

export class KickJobService {
  private readonly turns = new StartTurns();
  private readonly record: ReturnType<typeof jobRecorder>;

  constructor(
    private readonly database: Database,
    private readonly queue: KickQueue,
    private readonly audit: AuditService,
    private readonly options: {
      log: Logger;
      format: ChunkFormat;
      tracing: Pick<Tracing, 'traceparent'>;
      lines: Pick<LineStore, 'skipUnsent'>;
    },
    /** Told that there is something in the queue, or that a job has changed. */
    private readonly tell: { queued: () => void; changed: (jobId: string) => void },
  ) {
    this.record = jobRecorder(audit);
  }

  /** @throws {AppError} IDEMPOTENCY_CONFLICT, TOO_MANY_JOBS, AUDIT_UNAVAILABLE while the database can't be used */
  start(request: JobRequest, caller: Caller): Promise<JobRow> {
    const { userIds, appIds, userIdType, reason, ticket = null, verify, idempotencyKey } = request;
    const inputHash = hashOf([userIds, appIds, userIdType, reason, ticket, verify]);
    // Picked one by one: an input may compute its type of id, and a copy would lose that.
    const job = { userIds, appIds, userIdType, reason, ticket, verify, idempotencyKey };
    return this.accept({ ...job, inputHash, retryOf: null }, caller);
  }

  /**
   * A new job for the FAILED and UNKNOWN users of a finished one.
   * @throws {AppError} INVALID_INPUT when it is not finished or has no such users, and those of start
   */
  async retry(job: JobRow, idempotencyKey: string, caller: Caller): Promise<JobRow> {
    const inputHash = hashOf(['retry', job.id]);
    const find = () => this.findEarlier(this.database, idempotencyKey, inputHash, caller);
    const known = await unlessAway(find, () => BEGUN_NOTHING);
    if (known !== undefined) return known;
    if (job.finished_at === null) throw invalidId('must be the id of a finished job');
    // By turns, as what follows: it may be ten thousand users.
    const list = () => this.turns.take(caller.principal, () => listUnsettledUsers(this.database, job.id));
    const users = await unlessAway(list, () => BEGUN_NOTHING);
    const userIds = users.flatMap(({ user_id }) => user_id ?? []);
    if (userIds.length === 0) throw invalidId('must be the id of a job with failed or unknown users');
    const { app_ids: appIds, user_id_type: userIdType, reason, ticket, verify } = job;
    const request = { userIds, appIds, userIdType, reason, ticket, verify, idempotencyKey };
    return this.accept({ ...request, inputHash, retryOf: job.id }, caller);
  }

  /** @throws {AppError} JOB_FINISHED, AUDIT_UNAVAILABLE while the database can't be used */
  cancel(job: JobRow, caller: Caller): Promise<JobRow> {
    return unlessAway(() => this.cancelNow(job, caller), () => MAY_BE_CANCELLED); // prettier-ignore
  }

  private async cancelNow(job: JobRow, caller: Caller): Promise<JobRow> {
    const isCancelled = await setCancelling(this.database, job.id).catch((error: unknown) => {
      if (isAway(error)) this.record('JOB_CANCELLED', job, caller, {}, false);
      throw error;
    });
    if (isCancelled) this.record('JOB_CANCELLED', job, caller, {});
    else if (job.finished_at !== null || (await findJob(this.database, job.id))?.state !== 'CANCELLING') {
      throw new AppError(ErrorCode.JOB_FINISHED, 'The job is finished already.');
    }
    // Also where somebody has cancelled it before: they may not have come this far.
    await this.options.lines.skipUnsent(job.id);
    await finishJob({ database: this.database, audit: this.audit, log: this.options.log }, job);
    this.tell.changed(job.id);
    await this.audit.settled();
    return (await findJob(this.database, job.id)) ?? job;
  }

  private async accept(
    request: JobRequest & { ticket: string | null; inputHash: string; retryOf: string | null },
    caller: Caller,
  ): Promise<JobRow> {
    const lines = toLines(request.userIds);
    let inserted: JobRow | null = null;
    const accepting = async (transaction: Queryable) => {
      const { issuer, subject } = caller.principal;
      await lockCaller(transaction, issuer, subject);
      const known = await this.findEarlier(transaction, request.idempotencyKey, request.inputHash, caller);
      if (known !== undefined) return { job: known, isNew: false };
      if ((await countOpenJobs(transaction, issuer, subject)) >= MAX_OPEN_JOBS) throw tooManyJobs();
      inserted = await this.insert(transaction, request, lines, caller);
      return { job: inserted, isNew: true };
    };
    const recordStart = (job: JobRow, isCertain: boolean): void => {
      const duplicates = lines.filter(({ duplicateOf }) => duplicateOf !== null).length;
      const { retry_of: retryOf, verify } = job;
      const details = { users: lines.length, duplicates, verify, ...(retryOf !== null && { retryOf }) };
      this.record(retryOf === null ? 'JOB_STARTED' : 'JOB_RETRIED', job, caller, details, isCertain);
    };
    const tellOfDoubt = (): string => {
      if (inserted === null) return BEGUN_NOTHING;
      // What was lost may be the answer alone.
      recordStart(inserted, false);
      return MAY_BE_ACCEPTED;
    };
    const accepted = () => this.turns.take(caller.principal, () => this.database.transaction(accepting));
    const { job, isNew } = await unlessAway(accepted, tellOfDoubt);
    if (!isNew) return job;
    recordStart(job, true);
    this.tell.queued();
    // The trail tells who started it before the caller is told, unless it can't be written just then.
    await this.audit.settled();
    return job;
  }

  private async insert(
    transaction: Queryable,
    request: JobRequest & { ticket: string | null; inputHash: string; retryOf: string | null },
    lines: readonly NewLine[],
    { principal: { issuer, subject }, requestId }: Caller,
  ): Promise<JobRow> {
    const id = randomUUID();
    const total = lines.length;
    const job = await insertJob(transaction, {
      ...request,
      id,
      issuer,
      subject,
      requestId,
      total,
      format: this.options.format,
      traceparent: this.options.tracing.traceparent(),
    });
    await insertLines(transaction, id, lines, Math.ceil(request.appIds.length / MAX_APPS_PER_CALL));
    const starts = Array.from({ length: Math.ceil(total / CHUNK_SIZE) }, (_, index) => index * CHUNK_SIZE);
    const chunks = starts.map((from) => ({ jobId: id, from, to: Math.min(from + CHUNK_SIZE, total) - 1 }));
    await this.queue.add(transaction, chunks);
    return job;
  }

  /** @throws {AppError} IDEMPOTENCY_CONFLICT */
  private async findEarlier(store: Queryable, key: string, inputHash: string, { principal }: Caller) {
    const known = await findByKey(store, principal.issuer, principal.subject, key);
    if (known === undefined || known.input_hash === inputHash) return known;
    // Whether an input that was erased is this one, nobody can tell; to take it for this one might leave users unkicked.
    const which = known.input_hash === '' ? 'an input that has been erased since' : 'another input';
    const message = `The idempotency key was used before, with ${which}; that job is left as it is.`;
    throw new AppError(ErrorCode.IDEMPOTENCY_CONFLICT, message);
  }
}
