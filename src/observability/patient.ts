import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';

/** An answer stands so long; the next reader after that asks again. Milliseconds. */
const MAX_AGE_MS = 1000;
/** No reader waits longer. Milliseconds. */
const PATIENCE_MS = 1000;

/**
 * For readers who come often and may not be kept waiting: asks once for all of them, one question at a time.
 * @returns null in place of an answer that fails, or that takes too long
 */
export function patiently<T>(ask: () => Promise<T>): () => Promise<T | null> {
  let answer: Promise<T | null> | null = null;
  let goodUntil = Infinity;
  const askNow = (): Promise<T | null> => {
    goodUntil = Infinity;
    return ask()
      .catch(() => null)
      .finally(() => (goodUntil = performance.now() + MAX_AGE_MS));
  };
  return async () => {
    if (answer === null || performance.now() > goodUntil) answer = askNow();
    const patience = new AbortController();
    // After what has come meanwhile is read: this process may have stood still.
    const outOfPatience = delay(PATIENCE_MS, null, { signal: patience.signal })
      .then(() => nextTurn(null))
      .catch(() => null);
    const result = await Promise.race([answer, outOfPatience]);
    patience.abort();
    return result;
  };
}
