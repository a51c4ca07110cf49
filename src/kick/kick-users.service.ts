/** Policy of the single kick: what is recorded around the call, and for whom it is made. */
import type { Principal } from '../auth/principal';
import type { KickCommand, KickReceipt } from '../genauth/client';
import type { CallContext } from '../genauth/attempt';
import { AppError } from '../errors';
import type { Fingerprint } from '../observability/fingerprint';
import { loggableAppIds, loggableTicket } from '../observability/loggable';
import type { Logger } from '../observability/logger';

/** A kick and why it is asked for. */
export interface KickRequest extends KickCommand {
  reason?: string | null;
  ticket?: string | null;
}

export type KickResult = KickReceipt;

/** Who asks for something, and with which request. */
export interface Caller extends CallContext {
  principal: Principal;
  log: Logger;
}

export class KickUsersService {
  constructor(
    private readonly genauth: { kickUser: (command: KickCommand, context: CallContext) => Promise<KickReceipt> },
    private readonly fingerprint: Fingerprint,
  ) {}

  /** @throws {AppError} for everything that is known to go wrong */
  async kick(request: KickRequest, caller: Caller): Promise<KickResult> {
    const facts = {
      actor: caller.principal.subject,
      reason: request.reason ?? null,
      ticket: loggableTicket(request.ticket),
      userIdType: request.userIdType,
      user: this.fingerprint(request.userIdType, request.userId),
      appIds: loggableAppIds(request.appIds),
    };
    caller.log.info(facts, 'kick requested');
    try {
      const receipt = await this.genauth.kickUser(request, caller);
      caller.log.info({ ...facts, upstreamRequestId: receipt.requestId }, 'kick succeeded');
      return receipt;
    } catch (error) {
      if (error instanceof AppError) {
        const { code, mayHaveTakenEffect, upstreamRequestId } = error;
        caller.log.warn({ ...facts, code, mayHaveTakenEffect, upstreamRequestId }, 'kick failed');
      }
      throw error;
    }
  }
}
