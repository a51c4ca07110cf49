/** A shorter limit of bodies than the server's, for callers who have no use for a long one: each is held until it is whole. */
import type { FastifyRequest, preParsingHookHandler } from 'fastify';

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
    const { 'content-length': told, 'transfer-encoding': coding } = request.headers;
    if (!appliesTo(request)) return done(null, payload);
    // Whoever answers errors cuts the connection off, too.
    if (told !== undefined && Number(told) > maxBytes) return done(new TooLongError());
    // Told, it can't be longer: Node ends a body where it was said to end.
    if (told !== undefined || coding === undefined) return done(null, payload);
    let bytes = 0;
    payload.on('data', (chunk: Buffer) => (bytes += chunk.length));
    // Fastify, which begins to read in this same tick, asks for this with each piece, and answers 413 where it is over any limit.
    Object.defineProperty(payload, 'receivedEncodedLength', { get: () => (bytes > maxBytes ? Infinity : 0) });
    return done(null, payload);
  };
