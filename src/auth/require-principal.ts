/** The door of every route for callers: who has no valid token is sent away before the body is read. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { cutOffSoon } from '../http/cut-off';
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
  return async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
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
