/**
 * Live progress of jobs for those who watch, whichever gateway works on them: workers say by NOTIFY that something has
 * changed, the gateways that have watchers then read. Watching a job that stands still costs nothing.
 */
import { bulkhead } from 'cockatiel';
import type { Database } from '../store/database';
import type { Logger } from '../observability/logger';
import { findJob } from './kick-job.repository';
import { countProgress, type Progress } from './kick-outcome.repository';

const CHANNEL = 'kick_progress';
/** A watched job is read no more often than this; so no watcher is told more often either. Milliseconds. */
export const EVERY_MS = 250;
/** Each watched job is read at least so often, for a notification may be lost with its connection. Milliseconds. */
const AT_LEAST_EVERY_MS = 5000;

export interface Snapshot {
  progress: Progress;
  isFinished: boolean;
}

/** Null: there will be no more, as the gateway stops. */
type Watcher = (snapshot: Snapshot | null) => void;

interface Watched {
  watchers: Set<Watcher>;
  /** The next reading, if one is due or under way. */
  timer: NodeJS.Timeout | null;
  isReading: boolean;
  /** Something has changed since the reading that is under way began. */
  isStale: boolean;
  lastReadAt: number;
}

export class ProgressFeed {
  private readonly jobs = new Map<string, Watched>();
  private readonly changed = new Map<string, NodeJS.Timeout>();
  /** One reading at a time, however many jobs are watched: kicks need the database's connections. */
  private readonly turns = bulkhead(1, Infinity);
  private unlisten: (() => Promise<void>) | null = null;
  private isEnded = false;
  private readonly sweep: NodeJS.Timeout;

  constructor(
    private readonly database: Database,
    private readonly log: Logger,
  ) {
    this.sweep = setInterval(() => this.jobs.forEach((_, jobId) => this.readSoon(jobId)), AT_LEAST_EVERY_MS).unref();
  }

  async start(): Promise<void> {
    this.unlisten = await this.database.listen(CHANNEL, (jobId) => {
      if (jobId !== null) this.readSoon(jobId);
      else this.jobs.forEach((_, watched) => this.readSoon(watched));
    });
  }

  /** Tells the watchers on all gateways; many changes in a short time are one. */
  readonly noteProgress = (jobId: string): void => {
    if (this.changed.has(jobId)) return;
    const tell = (): void => {
      this.changed.delete(jobId);
      this.database
        .query('select pg_notify($1, $2)', [CHANNEL, jobId])
        .catch((error: unknown) => this.log.debug({ reason: String(error) }, 'progress was not notified'));
    };
    this.changed.set(jobId, setTimeout(tell, EVERY_MS / 2).unref());
  };

  /** Calls back with the progress now, and after each change. @returns the end of it */
  watch(jobId: string, watcher: Watcher): () => void {
    if (this.isEnded) {
      // Not before the caller has what it gets from here.
      queueMicrotask(() => watcher(null));
      return () => undefined;
    }
    const watched = this.jobs.get(jobId) ?? newlyWatched();
    watched.watchers.add(watcher);
    this.jobs.set(jobId, watched);
    this.readSoon(jobId);
    return () => {
      watched.watchers.delete(watcher);
      if (watched.watchers.size > 0 || this.jobs.get(jobId) !== watched) return;
      if (watched.timer !== null) clearTimeout(watched.timer);
      this.jobs.delete(jobId);
    };
  }

  /** Ends all that is watched: those who still want to know watch another gateway. */
  end(): void {
    this.isEnded = true;
    for (const { watchers } of this.jobs.values()) for (const watcher of [...watchers]) watcher(null);
  }

  async stop(): Promise<void> {
    this.end();
    clearInterval(this.sweep);
    for (const timer of this.changed.values()) clearTimeout(timer);
    for (const { timer } of this.jobs.values()) if (timer !== null) clearTimeout(timer);
    this.jobs.clear();
    await this.unlisten?.();
  }

  private readSoon(jobId: string): void {
    const watched = this.jobs.get(jobId);
    if (watched === undefined) return;
    watched.isStale = watched.isReading;
    if (watched.timer !== null) return;
    const waitMs = Math.max(0, watched.lastReadAt + EVERY_MS - performance.now());
    watched.timer = setTimeout(() => void this.read(jobId, watched), waitMs);
  }

  private async snapshotOf(jobId: string): Promise<Snapshot> {
    // The state first: a job that was finished then has its last count now.
    const job = await findJob(this.database, jobId);
    const progress = await countProgress(this.database, jobId);
    return { progress, isFinished: job === undefined || job.finished_at !== null };
  }

  private async read(jobId: string, watched: Watched): Promise<void> {
    watched.isReading = true;
    try {
      // By the time that its turn has come, nobody may be watching any more.
      const isWatched = () => this.jobs.get(jobId) === watched;
      const snapshot = await this.turns.execute(() => (isWatched() ? this.snapshotOf(jobId) : null));
      if (snapshot === null) return;
      for (const watcher of [...watched.watchers]) watcher(snapshot);
    } catch (error) {
      this.log.warn({ reason: String(error), jobId }, 'progress can not be read');
    } finally {
      watched.lastReadAt = performance.now();
      watched.timer = null;
      watched.isReading = false;
      if (watched.isStale && this.jobs.get(jobId) === watched) this.readSoon(jobId);
    }
  }
}

const newlyWatched = (): Watched => ({
  watchers: new Set(),
  timer: null,
  isReading: false,
  isStale: false,
  lastReadAt: -Infinity,
});
