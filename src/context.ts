import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Principal } from './auth/principal';
import type { HangUp } from './hang-up';
import { hangUpOf } from './http/connections';
import type { Caller } from './kick/kick-users.service';
import type { Logger } from './observability/logger';
import type { Tracing } from './observability/tracing';

/** What every resolver knows about the request that it serves. */
export interface RequestContext {
  /** Echoed to the caller, sent to GenAuth and part of every log line. */
  requestId: string;
  /** Null: the route has no door that asks for a token. */
  principal: Principal | null;
  log: Logger;
  /** How long the request's body was as it came. */
  bodyBytes: number;
  /** Aborted when the caller hangs up before the answer. */
  hangUp: HangUp;
}

/** What all lines of a request have: its id, and the trace that they lead to. */
function bindingsOf(requestId: string, tracing: Tracing): { requestId: string; traceId?: string } {
  const [, traceId] = tracing.traceparent()?.split('-') ?? [];
  return traceId === undefined ? { requestId } : { requestId, traceId };
}

export const createContext =
  (log: Logger, tracing: Tracing) =>
  (request: FastifyRequest, reply: FastifyReply): RequestContext => ({
    requestId: request.id,
    principal: request.principal,
    log: log.child(bindingsOf(request.id, tracing)),
    bodyBytes: request.bodyBytes,
    hangUp: hangUpOf(request, reply),
  });

/** The caller of a field that says who may have it (`NeedsScope`). */
export function callerOf(context: RequestContext): Caller & { principal: Principal } {
  const { principal, requestId, hangUp, log } = context;
  if (principal === null) throw new Error('An operation without @NeedsScope asked for its caller.');
  return { principal, requestId, hangUp, log };
}
