import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';

/**
 * What some work comes to, or something in its place where that takes too long. Given up only after what has come meanwhile is
 * read: where this process stood still, it is not the other side that is late.
 * @param ms milliseconds
 * @throws what the work throws in time
 */
export async function withPatience<T, U>(work: Promise<T>, ms: number, otherwise: U): Promise<T | U> {
  const patience = new AbortController();
  const outOfPatience = delay(ms, otherwise, { signal: patience.signal })
    .then((value) => nextTurn(value))
    .catch(() => otherwise);
  try {
    return await Promise.race([work, outOfPatience]);
  } finally {
    patience.abort();
  }
}
