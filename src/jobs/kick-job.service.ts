/** Accepts, cancels and retries jobs, and owns the rules for it. */
import { createHash, randomUUID } from 'node:crypto';
import type { AuditService } from '../audit/audit.service';
import { AppError, ErrorCode, InvalidInputError } from '../errors';
import type { Caller } from '../kick/kick-users.service';
import type { KickReason } from '../kick/kick-reason.enum';
import type { UserIdType } from '../kick/user-id-type.enum';
import type { Tracing } from '../observability/tracing';
import type { Database, Queryable } from '../store/database';
import { APPS_PER_CALL } from './apps-per-call';
import type { ChunkFormat } from './chunk';
import {
  countOpenJobs,
  findByKey,
  findJob,
  finishIfSettled,
  insertJob,
  lockCaller,
  setCancelling,
  type JobRow,
} from './kick-job.repository';
import { insertLines, type NewLine } from './kick-line.repository';
import { listUnsettledUsers } from './kick-outcome.repository';
import type { KickQueue } from './kick-queue';
import type { LineStore } from './line-store';

/** Users in a chunk: small, so that little has to be looked through again when a gateway dies. */
const CHUNK_SIZE = 50;
/** Unfinished jobs that one caller may have. */
const MAX_OPEN_JOBS = 5;
const RETRY_AFTER_SECONDS = 10;

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

/** Each user once; who is named again is answered by naming the first place. */
export function toLines(userIds: readonly string[]): NewLine[] {
  const firsts = new Map<string, number>();
  return userIds.map((userId, line) => {
    const first = firsts.get(userId);
    if (first === undefined) firsts.set(userId, line);
    return { line, userId, duplicateOf: first ?? null };
  });
}

export class KickJobService {
  constructor(
    private readonly database: Database,
    private readonly queue: KickQueue,
    private readonly audit: AuditService,
    private readonly options: {
      format: ChunkFormat;
      tracing: Pick<Tracing, 'traceparent'>;
      lines: Pick<LineStore, 'skipUnsent'>;
    },
    /** Told that there is something in the queue, or that a job has changed. */
    private readonly tell: { queued: () => void; changed: (jobId: string) => void },
  ) {}

  /** @throws {AppError} IDEMPOTENCY_CONFLICT, TOO_MANY_JOBS */
  start(request: JobRequest, caller: Caller): Promise<JobRow> {
    const { userIds, appIds, userIdType, reason, ticket = null, verify, idempotencyKey } = request;
    const inputHash = hashOf([userIds, appIds, userIdType, reason, ticket, verify]);
    // Picked one by one: an input may compute its type of id, and a copy would lose that.
    const job = { userIds, appIds, userIdType, reason, ticket, verify, idempotencyKey };
    return this.accept({ ...job, inputHash, retryOf: null }, caller);
  }

  /**
   * A new job for the FAILED and UNKNOWN users of a finished one.
   * @throws {AppError} JOB_NOT_FOUND, INVALID_INPUT when it is not finished or has no such users, and those of start
   */
  async retry(job: JobRow, idempotencyKey: string, caller: Caller): Promise<JobRow> {
    const inputHash = hashOf(['retry', job.id]);
    const known = await this.findEarlier(this.database, idempotencyKey, inputHash, caller);
    if (known !== undefined) return known;
    if (job.finished_at === null) throw invalidId('must be the id of a finished job');
    const users = await listUnsettledUsers(this.database, job.id);
    const userIds = users.flatMap(({ user_id }) => user_id ?? []);
    if (userIds.length === 0) throw invalidId('must be the id of a job with failed or unknown users');
    const { app_ids: appIds, user_id_type: userIdType, reason, ticket, verify } = job;
    const request = { userIds, appIds, userIdType, reason, ticket, verify, idempotencyKey };
    return this.accept({ ...request, inputHash, retryOf: job.id }, caller);
  }

  /** @throws {AppError} JOB_FINISHED */
  async cancel(job: JobRow, caller: Caller): Promise<JobRow> {
    if (await setCancelling(this.database, job.id)) {
      this.record('JOB_CANCELLED', job, caller, {});
      await this.options.lines.skipUnsent(job.id);
      const state = await finishIfSettled(this.database, job.id);
      if (state !== null) this.record('JOB_FINISHED', job, caller, { state });
      this.tell.changed(job.id);
    } else if (job.finished_at !== null || (await findJob(this.database, job.id))?.state !== 'CANCELLING') {
      throw new AppError(ErrorCode.JOB_FINISHED, 'The job is finished already.');
    }
    return (await findJob(this.database, job.id)) ?? job;
  }

  private async accept(
    request: JobRequest & { ticket: string | null; inputHash: string; retryOf: string | null },
    caller: Caller,
  ): Promise<JobRow> {
    const lines = toLines(request.userIds);
    const { job, isNew } = await this.database.transaction(async (transaction) => {
      const { issuer, subject } = caller.principal;
      await lockCaller(transaction, issuer, subject);
      const known = await this.findEarlier(transaction, request.idempotencyKey, request.inputHash, caller);
      if (known !== undefined) return { job: known, isNew: false };
      if ((await countOpenJobs(transaction, issuer, subject)) >= MAX_OPEN_JOBS) throw tooManyJobs();
      return { job: await this.insert(transaction, request, lines, caller), isNew: true };
    });
    if (!isNew) return job;
    const duplicates = lines.filter(({ duplicateOf }) => duplicateOf !== null).length;
    const { retry_of: retryOf } = job;
    this.record(retryOf === null ? 'JOB_STARTED' : 'JOB_RETRIED', job, caller, {
      users: lines.length,
      duplicates,
      verify: job.verify,
      ...(retryOf !== null && { retryOf }),
    });
    this.tell.queued();
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
    await insertLines(transaction, id, lines, Math.ceil(request.appIds.length / APPS_PER_CALL));
    const starts = Array.from({ length: Math.ceil(total / CHUNK_SIZE) }, (_, index) => index * CHUNK_SIZE);
    const chunks = starts.map((from) => ({ jobId: id, from, to: Math.min(from + CHUNK_SIZE, total) - 1 }));
    await this.queue.add(transaction, chunks);
    return job;
  }

  /** @throws {AppError} IDEMPOTENCY_CONFLICT */
  private async findEarlier(store: Queryable, key: string, inputHash: string, { principal }: Caller) {
    const known = await findByKey(store, principal.issuer, principal.subject, key);
    if (known === undefined || known.input_hash === inputHash) return known;
    throw new AppError(
      ErrorCode.IDEMPOTENCY_CONFLICT,
      'The idempotency key was used before, with another input; that job is left as it is.',
    );
  }

  private record(
    action: 'JOB_STARTED' | 'JOB_RETRIED' | 'JOB_CANCELLED' | 'JOB_FINISHED',
    { id: jobId, reason, ticket, app_ids: appIds }: JobRow,
    { principal: { subject: actor, issuer }, requestId, log }: Caller,
    details: Record<string, unknown>,
  ): void {
    this.audit.after({ action, actor, issuer, requestId, jobId, reason, ticket, appIds, details });
    log.info({ action, actor, jobId, reason, ticket, ...details }, 'job');
  }
}

const invalidId = (message: string): AppError => new InvalidInputError([{ path: ['id'], message: `id ${message}` }]);

const tooManyJobs = (): AppError =>
  new AppError(
    ErrorCode.TOO_MANY_JOBS,
    `You have ${MAX_OPEN_JOBS} unfinished jobs; wait for one to finish, or cancel one.`,
    { retryAfterSeconds: RETRY_AFTER_SECONDS },
  );
