import type { FastifyRequest } from 'fastify';

/**
 * What else comes of a refused body is thrown away for so long and then cut off. Cut off at once, the caller would be
 * told of a broken connection instead of the answer. Milliseconds.
 */
const LINGER_MS = 1000;

/** For requests that are answered before their body is read. */
export function cutOffSoon({ raw }: FastifyRequest): void {
  if (raw.complete) return;
  const timer = setTimeout(() => {
    if (!raw.complete) raw.socket.destroy();
  }, LINGER_MS);
  raw.once('close', () => clearTimeout(timer));
}
