/** Policy of one kick: whether the caller may have it now, and what is recorded before and after. */
import type { AuditService } from '../audit/audit.service';
import type { Principal } from '../auth/principal';
import type { KickCommand, KickReceipt } from '../genauth/client';
import type { CallContext } from '../genauth/attempt';
import { AppError, ErrorCode } from '../errors';
import type { CallerLimit } from '../limits/caller-limit';
import type { Fingerprint } from '../observability/fingerprint';
import { loggableAppIds, loggableTicket } from '../observability/loggable';
import type { Logger } from '../observability/logger';
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
  principal: Pick<Principal, 'subject' | 'issuer'>;
  log: Logger;
  /** The job that asks on the caller's behalf. */
  jobId?: string | null;
}

export class KickUsersService {
  constructor(
    private readonly genauth: { kickUser: (command: KickCommand, context: CallContext) => Promise<KickReceipt> },
    private readonly audit: AuditService,
    private readonly limit: CallerLimit,
    private readonly fingerprint: Fingerprint,
  ) {}

  /**
   * A kick of the caller's own, counted against the caller's limit.
   * @throws {AppError} RATE_LIMITED over the limit; or as {@link kickUncounted}
   */
  async kick(request: KickRequest, caller: Caller): Promise<KickResult> {
    const retryAfterSeconds = await this.limit.take(caller.principal);
    if (retryAfterSeconds !== null) throw this.refuse(request, caller, retryAfterSeconds);
    return this.kickUncounted(request, caller);
  }

  /**
   * For jobs, which are bounded otherwise.
   * @throws {AppError} for everything that is known to go wrong; its `auditId` names the record, if there is one
   */
  async kickUncounted(request: KickRequest, caller: Caller): Promise<KickResult> {
    const startedAt = performance.now();
    const facts = this.factsOf(request, caller);
    const auditId = await this.audit.before({ ...facts.audit, action: 'KICK_REQUESTED' });
    caller.log.debug({ ...facts.log, auditId }, 'kick requested');
    const outcome = () => ({ ...facts.audit, follows: auditId, durationMs: performance.now() - startedAt });
    try {
      const receipt = await this.genauth.kickUser(request, caller);
      const upstreamRequestId = receipt.requestId;
      this.audit.after({ ...outcome(), action: 'KICK_SUCCEEDED', upstreamRequestId });
      caller.log.info({ ...facts.log, auditId, upstreamRequestId }, 'kick succeeded');
      return { ...receipt, auditId };
    } catch (error) {
      if (!(error instanceof AppError)) {
        // A bug of ours: nobody knows how far it came.
        this.audit.after({ ...outcome(), action: 'KICK_FAILED', code: 'UNEXPECTED', mayHaveTakenEffect: true });
        throw error;
      }
      const { code, mayHaveTakenEffect, upstreamRequestId } = error;
      this.audit.after({ ...outcome(), action: 'KICK_FAILED', code, mayHaveTakenEffect, upstreamRequestId });
      caller.log.warn({ ...facts.log, auditId, code, mayHaveTakenEffect, upstreamRequestId }, 'kick failed');
      error.auditId = auditId;
      throw error;
    }
  }

  private refuse(request: KickRequest, caller: Caller, retryAfterSeconds: number): AppError {
    const { audit, log } = this.factsOf(request, caller);
    const code = ErrorCode.RATE_LIMITED;
    const message = 'You have asked for more kicks in a minute than one caller may; nothing was sent.';
    const error = new AppError(code, message, { retryAfterSeconds });
    error.auditId = this.audit.after({ ...audit, action: 'RATE_LIMITED', code, mayHaveTakenEffect: false });
    caller.log.warn({ ...log, auditId: error.auditId, code, retryAfterSeconds }, 'kick refused');
    return error;
  }

  private factsOf(request: KickRequest, { principal, requestId, jobId = null }: Caller) {
    const { userIdType, userId, appIds, reason = null, ticket = null } = request;
    const { subject: actor, issuer } = principal;
    const target = { type: userIdType, id: userId };
    const user = this.fingerprint(userIdType, userId);
    return {
      audit: { actor, issuer, requestId, jobId, reason, ticket, target, appIds },
      log: {
        actor,
        reason,
        ticket: loggableTicket(ticket),
        userIdType,
        user,
        appIds: loggableAppIds(appIds),
      },
    };
  }
}
