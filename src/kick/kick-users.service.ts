/** Policy of one kick: whether the caller may have it now, and what is recorded before and after. */
import type { RecordedAction } from '../audit/audit-action.enum';
import { RecordTarget, type AuditEntry } from '../audit/audit-record';
import type { AuditService } from '../audit/audit.service';
import type { Identity } from '../auth/principal';
import type { KickCommand, KickReceipt } from '../genauth/client';
import type { CallContext } from '../genauth/attempt';
import { AppError, ErrorCode } from '../errors';
import { HUNG_UP, recordedCode } from '../hang-up';
import type { CallerLimit } from '../limits/caller-limit';
import type { Fingerprint } from '../observability/fingerprint';
import { loggableAppIds, loggableTicket } from '../observability/loggable';
import type { Logger } from '../observability/logger';
import type { KickCallOutcome } from '../observability/metrics';
import type { Metrics } from '../observability/metrics-registry';
import type { KickReason } from './kick-reason.enum';

/** A kick and why it is asked for. */
export interface KickRequest extends KickCommand {
  reason?: KickReason | null;
  ticket?: string | null;
}

export interface KickResult extends KickReceipt {
  /** The record that was written before GenAuth was called. */
  auditId: string;
}

/** Who asks for something, and with which request. */
export interface Caller extends CallContext {
  principal: Identity;
  log: Logger;
  /** The job that asks on the caller's behalf. */
  jobId?: string | null;
}

type Facts = ReturnType<KickUsersService['factsOf']>;

/** The record of a request. */
interface Requested {
  auditId: string;
  /** On the clock of `performance.now()`. */
  at: number;
}

/** What came of a request, as far as it is known. */
type Outcome = Pick<AuditEntry, 'follows' | 'code' | 'mayHaveTakenEffect' | 'upstreamRequestId' | 'durationMs'>;

/** Field by field, as all of this file's hot objects are: V8 fills up a spread one at ten times the price. */
const entryOf = ({ audit }: Facts, action: RecordedAction, outcome: Outcome): Omit<AuditEntry, 'id'> => ({
  action,
  actor: audit.actor,
  issuer: audit.issuer,
  requestId: audit.requestId,
  follows: outcome.follows ?? null,
  jobId: audit.jobId,
  reason: audit.reason,
  ticket: audit.ticket,
  target: audit.target,
  appIds: audit.appIds,
  code: outcome.code ?? null,
  mayHaveTakenEffect: outcome.mayHaveTakenEffect ?? null,
  upstreamRequestId: outcome.upstreamRequestId ?? null,
  durationMs: outcome.durationMs ?? null,
});

function logDebug(log: Logger, message: string, facts: () => object): void {
  if (log.isLevelEnabled('debug')) log.debug(facts(), message);
}

const originOf = ({ jobId }: Caller): 'single' | 'job' => (jobId == null ? 'single' : 'job');

export class KickUsersService {
  constructor(
    private readonly genauth: { kickUser: (command: KickCommand, context: CallContext) => Promise<KickReceipt> },
    private readonly audit: AuditService,
    private readonly limit: CallerLimit,
    private readonly fingerprint: Fingerprint,
    private readonly metrics: Metrics,
  ) {}

  /**
   * A kick of the caller's own, counted against the caller's limit.
   * @throws {AppError} for everything that is known to go wrong; its `auditId` names the record, if there is one
   */
  async kick(request: KickRequest, caller: Caller): Promise<KickResult> {
    const retryAfterSeconds = await this.limit.take(caller.principal);
    if (retryAfterSeconds !== null) throw this.refuse(request, caller, retryAfterSeconds);
    const facts = this.factsOf(request, caller);
    const auditId = await this.recordRequest(facts, caller);
    const requested = { auditId, at: performance.now() };
    return this.carryOut(request, caller, facts, () => requested);
  }

  /**
   * For jobs, which are bounded otherwise. It has a record only from when its turn to be sent has come, and the caller has
   * agreed: until then it may be dropped, or come again later, and is on record as nothing that failed.
   * @throws {AppError} as {@link kick}
   */
  async kickForJob(request: KickRequest, caller: Caller): Promise<KickResult> {
    const facts = this.factsOf(request, caller);
    let requested: Requested | null = null;
    const beforeSend = async (): Promise<void> => {
      await caller.beforeSend?.();
      requested ??= { auditId: await this.recordRequest(facts, caller), at: performance.now() };
    };
    return this.carryOut(request, { ...caller, beforeSend }, facts, () => requested);
  }

  private async recordRequest(facts: Facts, caller: Caller): Promise<string> {
    const startedAt = performance.now();
    try {
      const auditId = await this.audit.before(entryOf(facts, 'KICK_REQUESTED', {}));
      logDebug(caller.log, 'kick requested', () => ({ ...facts.log(), auditId }));
      return auditId;
    } catch (error) {
      // It has no record, and would be in no count either.
      if (error instanceof AppError)
        this.metrics.countKick(originOf(caller), error.code, performance.now() - startedAt);
      throw error;
    }
  }

  /** @param requestedBy the record of the request, once there is one */
  private async carryOut(
    request: KickRequest,
    caller: Caller,
    facts: Facts,
    requestedBy: () => Requested | null,
  ): Promise<KickResult> {
    const startedAt = performance.now();
    const record = (code: KickCallOutcome, action: RecordedAction, what: Outcome): string | null => {
      const requested = requestedBy();
      const now = performance.now();
      if (requested === null) return null;
      this.metrics.countKick(originOf(caller), code, now - startedAt);
      what.follows = requested.auditId;
      // A job's kick has waited for its turn before that; the trail tells of the time between its two records.
      what.durationMs = now - requested.at;
      this.audit.after(entryOf(facts, action, what));
      return requested.auditId;
    };
    try {
      const receipt = await this.genauth.kickUser(request, caller);
      const upstreamRequestId = receipt.requestId;
      const auditId = record('SUCCESS', 'KICK_SUCCEEDED', { upstreamRequestId });
      if (auditId === null) throw new Error('A kick was sent without a record.');
      // The audit trail has it, and the lines of the attempt and of the operation have its request id.
      logDebug(caller.log, 'kick succeeded', () => ({ ...facts.log(), auditId, upstreamRequestId }));
      const { statusCode, message, requestId } = receipt;
      return { statusCode, message, requestId, auditId };
    } catch (error) {
      if (!(error instanceof AppError)) {
        // A bug of ours: nobody knows how far it came.
        record('UNEXPECTED', 'KICK_FAILED', { code: 'UNEXPECTED', mayHaveTakenEffect: true });
        throw error;
      }
      const { mayHaveTakenEffect, upstreamRequestId } = error;
      const code = recordedCode(error);
      error.auditId = record(code, 'KICK_FAILED', { code, mayHaveTakenEffect, upstreamRequestId });
      // Without a record it is tried again; and who hung up knows.
      const level = error.auditId === null || code === HUNG_UP ? 'debug' : 'warn';
      caller.log[level]({ ...facts.log(), auditId: error.auditId, code, mayHaveTakenEffect, upstreamRequestId }, 'kick failed'); // prettier-ignore
      throw error;
    }
  }

  private refuse(request: KickRequest, caller: Caller, retryAfterSeconds: number): AppError {
    const facts = this.factsOf(request, caller);
    const code = ErrorCode.RATE_LIMITED;
    this.metrics.countRefusal(code);
    const message = 'You have asked for more kicks in a minute than one caller may; nothing was sent.';
    const error = new AppError(code, message, { retryAfterSeconds });
    error.auditId = this.audit.after(entryOf(facts, 'RATE_LIMITED', { code, mayHaveTakenEffect: false }));
    caller.log.warn({ ...facts.log(), auditId: error.auditId, code, retryAfterSeconds }, 'kick refused');
    return error;
  }

  private factsOf(request: KickRequest, { principal, requestId, jobId = null }: Caller) {
    const { userIdType, userId, appIds, reason = null, ticket = null } = request;
    const { subject: actor, issuer } = principal;
    const target = new RecordTarget(userIdType, userId);
    return {
      audit: { actor, issuer, requestId, jobId, reason, ticket, target, appIds },
      /** Made only where a line is written: the mark of the user costs as much as the rest of the line. */
      log: () => ({
        actor,
        reason,
        ticket: loggableTicket(ticket),
        userIdType,
        user: this.fingerprint(userIdType, userId),
        appIds: loggableAppIds(appIds),
      }),
    };
  }
}
