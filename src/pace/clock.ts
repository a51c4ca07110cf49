import { LONGEST_TIMER_MS } from '../longest-timer';

/** Time as the pace sees it; tests put their own in its place. */
export interface Clock {
  /** Milliseconds; never goes back. */
  now: () => number;
  /** Runs something once, after so many milliseconds at the least. @returns takes it back */
  after: (ms: number, run: () => void) => () => void;
}

export const REAL_CLOCK: Clock = {
  now: () => performance.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, Math.min(Math.ceil(ms), LONGEST_TIMER_MS));
    return () => clearTimeout(timer);
  },
};
