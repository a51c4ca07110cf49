/** The door of every route for callers: who has no valid token is sent away before the body is read. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
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

/**
 * What else comes of a refused body is thrown away for so long and then cut off. Cut off at once, the caller would be
 * told of a broken connection instead of the 401. Milliseconds.
 */
const LINGER_MS = 1000;

function cutOffSoon({ raw }: FastifyRequest): void {
  if (raw.complete) return;
  const timer = setTimeout(() => {
    if (!raw.complete) raw.socket.destroy();
  }, LINGER_MS);
  raw.once('close', () => clearTimeout(timer));
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
