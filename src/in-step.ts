/**
 * Requests that come to a stage during one turn of the event loop go on from it together, at the turn's end. Code that runs
 * for one after the other stays in the processor's caches; run for each by itself, between the code of all the other stages,
 * it has to be fetched anew every time: a third of what a kick cost on a slow machine. One alone waits until the end of this
 * turn, or of the next.
 */

/**
 * In one turn at most; the others follow in the next ones, first come, first served. The caches gain little more from a longer
 * row, and requests that a short stop of the process has pushed together would stay together: each stage would let all of them
 * go at once, the first would wait for the last, and the core would idle while PostgreSQL or GenAuth has them all.
 */
const MOST_AT_ONCE = 32;

/** Makes a stage. @returns what each request awaits there */
export function createStep(): () => Promise<void> {
  const waiting: (() => void)[] = [];
  const goOn = (): void => {
    const together = waiting.splice(0, MOST_AT_ONCE);
    if (waiting.length > 0) setImmediate(goOn);
    for (const next of together) next();
  };
  return () =>
    new Promise((resolve) => {
      if (waiting.push(resolve) === 1) setImmediate(goOn);
    });
}
