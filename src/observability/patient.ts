import { withPatience } from '../patience';

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
  return () => {
    if (answer === null || performance.now() > goodUntil) answer = askNow();
    return withPatience(answer, PATIENCE_MS, null);
  };
}
