/** A shorter limit of bodies than the server's, for callers who have no use for a long one: each is held until it is whole. */
import { Transform } from 'node:stream';
import type { FastifyRequest, preParsingHookHandler } from 'fastify';
import { cutOffSoon } from './cut-off';

class TooLongError extends Error {
  readonly statusCode = 413;
  constructor() {
    super('The request body is too large.');
  }
}

/** @param appliesTo asked when it is known who calls, before anything of the body is read */
export const limitBodies =
  (maxBytes: number, appliesTo: (request: FastifyRequest) => boolean): preParsingHookHandler =>
  (request, _reply, payload, done) => {
    if (!appliesTo(request)) return done(null, payload);
    const refuse = (): TooLongError => {
      cutOffSoon(request);
      return new TooLongError();
    };
    const told = request.headers['content-length'];
    // Node takes no more than it says.
    if (told !== undefined) return Number(told) > maxBytes ? done(refuse()) : done(null, payload);
    let bytes = 0;
    const counted = new Transform({
      transform: (chunk: Buffer, _encoding, next) => {
        bytes += chunk.length;
        if (bytes > maxBytes) next(refuse());
        else next(null, chunk);
      },
    });
    payload.once('error', (error) => counted.destroy(error));
    return done(null, payload.pipe(counted));
  };
