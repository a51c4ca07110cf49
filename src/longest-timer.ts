/** A longer timer of Node's fires at once (https://nodejs.org/api/timers.html#settimeoutcallback-delay-args). Milliseconds. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;
