/** One watcher's progress as an async iterator: the newest count, never a backlog, and the final one last. */
import { LONGEST_TIMER_MS } from '../longest-timer';
import { StreamCut } from '../stream-cut';
import type { Progress } from './kick-outcome.repository';
import { EVERY_MS, type ProgressFeed, type Snapshot } from './progress-feed';

const DONE = { done: true, value: undefined } as const;
type Result = IteratorResult<Progress, undefined>;

/**
 * Written out, not a generator: a generator that waits for the next event can't be ended before it comes, and a
 * subscriber who has gone must not be kept until then.
 */
export class ProgressEvents implements AsyncIterableIterator<Progress, undefined> {
  private readonly unwatch: () => void;
  private newest: Snapshot | null = null;
  private last: string | null = null;
  private isOver = false;
  private isCut = false;
  private pull: { resolve: (result: Result) => void; reject: (cut: StreamCut) => void } | null = null;
  private timer: NodeJS.Timeout | null = null;
  private readonly expiry: NodeJS.Timeout;
  private nextAt = 0;

  /** @param untilMs no longer than this may it be watched, milliseconds since 1970 */
  constructor(feed: ProgressFeed, jobId: string, untilMs: number) {
    this.expiry = setTimeout(() => this.cut(), Math.min(untilMs - Date.now(), LONGEST_TIMER_MS)).unref();
    this.unwatch = feed.watch(jobId, (snapshot) => {
      if (snapshot === null) return this.cut();
      this.newest = snapshot;
      this.deliver();
    });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** @throws {StreamCut} */
  next(): Promise<Result> {
    if (this.isCut) return Promise.reject(new StreamCut());
    if (this.isOver) return Promise.resolve(DONE);
    return new Promise((resolve, reject) => {
      this.pull = { resolve, reject };
      this.deliver();
    });
  }

  async return(): Promise<Result> {
    this.end();
    this.pull?.resolve(DONE);
    this.pull = null;
    return DONE;
  }

  /** The gateway stops, or the token has expired, before the final count. */
  private cut(): void {
    this.end();
    this.isCut = true;
    this.pull?.reject(new StreamCut());
    this.pull = null;
  }

  private end(): void {
    this.isOver = true;
    this.unwatch();
    clearTimeout(this.expiry);
    if (this.timer !== null) clearTimeout(this.timer);
  }

  private deliver(): void {
    if (this.pull === null || this.newest === null || this.timer !== null) return;
    const waitMs = this.nextAt - performance.now();
    if (waitMs > 0) {
      this.timer = setTimeout(() => {
        this.timer = null;
        this.deliver();
      }, waitMs);
      return;
    }
    const { progress, isFinished } = this.newest;
    this.newest = null;
    const text = JSON.stringify(progress);
    // A reading that brought nothing new is no event, unless it is the last one.
    if (text === this.last && !isFinished) return;
    this.last = text;
    this.nextAt = performance.now() + EVERY_MS;
    const { resolve } = this.pull;
    this.pull = null;
    if (isFinished) this.end();
    resolve({ done: false, value: progress });
  }
}
