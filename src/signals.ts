/**
 * What asks this process to end. The first import of main.ts, for its effect: Node would end a process that has no handler
 * yet in the middle of whatever it does.
 */

/** From terminals and supervisors; HUP when a terminal closes, USR2 from nodemon. */
export const ENDING_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'] as const;

/**
 * npm hands on the signal that it gets, while a terminal or a supervisor sends it to npm's children as well: what comes twice
 * in so short a time was sent once. Milliseconds.
 */
const ONE_REQUEST_MS = 1000;

const asked = new AbortController();
const askedAgain = new AbortController();
let firstAt = 0;

/** Aborted by the first signal, whose name is the reason. */
export const askedToEnd: AbortSignal = asked.signal;
/** Aborted by a second one that comes later than the echoes of the first: whoever sent it doesn't want to wait. */
export const askedToEndAtOnce: AbortSignal = askedAgain.signal;

function onSignal(name: NodeJS.Signals): void {
  if (!asked.signal.aborted) {
    firstAt = performance.now();
    asked.abort(name);
  } else if (performance.now() - firstAt >= ONE_REQUEST_MS) {
    askedAgain.abort(name);
  }
}
for (const name of ENDING_SIGNALS) process.on(name, onSignal);

/** Runs a handler as soon as a signal is aborted, now if it is already. */
export function whenAborted(signal: AbortSignal, handler: () => void): void {
  if (signal.aborted) handler();
  else signal.addEventListener('abort', handler, { once: true });
}
