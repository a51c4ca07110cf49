/**
 * The door of every route for callers: who has no valid token is sent away before the body is read, and so is who doesn't say
 * which host is meant, on which Apollo would break.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { cutOffSoon } from '../http/cut-off';
import { createHostCheck } from '../http/loopback';
import { refusal } from '../http/refusal';
import type { Logger } from '../observability/logger';
import type { Authenticate } from './authenticate';
import { challenge } from './challenge';
import type { Principal } from './principal';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who is calling; null on routes without this door. */
    principal: Principal | null;
  }
}

/** Makes the `onRequest` hook to put on each of those routes; call it once for a server. */
export function createDoor(app: FastifyInstance, authenticate: Authenticate, log: Logger) {
  app.decorateRequest('principal', null);
  const isHost = createHostCheck();
  return async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    if (!isHost(request.headers.host)) {
      cutOffSoon(request);
      return reply.code(400).send(refusal(400, request.id));
    }
    const result = await authenticate(request.headers.authorization);
    request.principal = result.principal;
    if (result.principal !== null) return;
    log.info({ requestId: request.id, reason: result.reason }, 'caller refused');
    cutOffSoon(request);
    return reply
      .code(401)
      .header('www-authenticate', challenge(result.hasToken ? 'invalid_token' : undefined))
      .send(refusal(401, request.id));
  };
}
