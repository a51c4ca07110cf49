/** The jobs' parts, joined: what accepts them, what works on them, what tells of them. */
import type { AuditService } from './audit/audit.service';
import { Ends } from './ends';
import type { GenAuthClient } from './genauth/client';
import type { KeyHealth } from './genauth/key-health';
import { CHUNK_FORMAT, KNOWN_FORMATS, type ChunkFormat } from './jobs/chunk';
import type { ChunkTools } from './jobs/chunk-work';
import { findJobsOfOtherFormats } from './jobs/kick-job.repository';
import { KickJobReadsService } from './jobs/kick-job-reads.service';
import { KickJobService } from './jobs/kick-job.service';
import { KickJobWorker } from './jobs/kick-job.worker';
import { KickQueue } from './jobs/kick-queue';
import { LineStore } from './jobs/line-store';
import { OwnIds } from './jobs/own-ids';
import { Pauses } from './jobs/pauses';
import { ProgressFeed } from './jobs/progress-feed';
import { Scout } from './jobs/scout';
import { SendGate } from './jobs/send-gate';
import type { KickUsersService } from './kick/kick-users.service';
import type { ReadingTurns } from './limits/reading-turns';
import type { Logger } from './observability/logger';
import type { Metrics } from './observability/metrics-registry';
import type { Tracing } from './observability/tracing';
import type { Pace } from './pace/pace';
import type { Database } from './store/database';
import { oneAtATime } from './store/one-at-a-time';

export interface JobEngineOptions {
  database: Database;
  client: GenAuthClient;
  keyHealth: KeyHealth;
  pace: Pace;
  kickUsers: KickUsersService;
  audit: AuditService;
  metrics: Metrics;
  tracing: Tracing;
  /** In which callers read. */
  turns: ReadingTurns;
  /** For one call to GenAuth, retries included. Milliseconds. */
  timeoutMs: number;
  log: Logger;
  /** Another format than this release's own, to stand in for an older one. */
  chunkFormat?: ChunkFormat | undefined;
}

export interface JobEngine {
  service: KickJobService;
  reads: KickJobReadsService;
  feed: ProgressFeed;
  /** Ends all streams of progress. */
  endStreams: () => void;
  /** Gives back what is not in flight; waits for what is. */
  stop: () => Promise<void>;
}

/** A chunk's new calls are begun for a quarter of a call's time at most, within these bounds. Milliseconds. */
const MIN_SLICE_MS = 500;
const MAX_SLICE_MS = 3000;
/** Beyond slice and call, before a chunk is taken to be lost: for slow statements. Milliseconds. */
const MARGIN_MS = 2000;

/** See {@link oneAtATime}. */
const QUEUE_LOCK = 7_303_184_222;

/** A job that this release can't read must not wait for ever without anybody noticing. @throws when there is one */
async function refuseUnknownFormats(database: Database): Promise<void> {
  const jobs = await findJobsOfOtherFormats(database, KNOWN_FORMATS);
  if (jobs.length === 0) return;
  throw new Error(
    `unfinished jobs are in a format that this release doesn't know; let the release that began them finish them: ${jobs.join(', ')}`,
  );
}

/** @throws when there are unfinished jobs of a format that this release doesn't know */
export async function startJobEngine(options: JobEngineOptions): Promise<JobEngine> {
  const { database, client, keyHealth, pace, kickUsers, audit, metrics, tracing, turns, timeoutMs, log } = options;
  await refuseUnknownFormats(database);
  const sliceMs = Math.min(MAX_SLICE_MS, Math.max(MIN_SLICE_MS, timeoutMs / 4));
  const format = options.chunkFormat ?? CHUNK_FORMAT;
  const queue = new KickQueue(database, { format, expiryMs: sliceMs + timeoutMs + MARGIN_MS }, log);
  const scout = new Scout(() => client.isAnswering({ requestId: 'job-probe', priority: 'job' }), client.circuit);
  const pauses = new Pauses(database, client.circuit, keyHealth, client);
  const feed = new ProgressFeed(database, log);
  const gate = new SendGate({
    rate: () => pace.status.ownPerSecond,
    state: () => pauses.gateState,
    mayLineGo: () => scout.mayLineGo(),
  });
  const store = new LineStore(database, ({ state, code, lines }) => metrics.countJobOutcome(state, code, lines));
  const tools: ChunkTools = {
    database,
    queue,
    store,
    gate,
    kickUsers,
    audit,
    reads: client,
    ownIds: new OwnIds(),
    tracing,
    log,
    sliceMs,
    repeatableMs: 2 * timeoutMs,
    isPaused: () => pauses.gateState === 'shut',
    noteProgress: feed.noteProgress,
  };
  const worker = new KickJobWorker(tools, log);
  const ends = new Ends();
  ends.add(() => queue.stop());
  ends.add(() => feed.stop());
  await ends.guard(async () => {
    // pg-boss takes a lock as well, but can still look at a catalogue from before it: "duplicate key" on CREATE SCHEMA.
    await oneAtATime(database, QUEUE_LOCK, () => queue.start(database.kind === 'embedded'));
    await feed.start();
    ends.add(await database.listen('kick_queued', worker.wake));
  });
  worker.start();
  ends.add(() => worker.stop());
  ends.add(() => store.end());
  let stopping: Promise<void> | null = null;

  const queued = (): void => {
    worker.wake();
    // For the gateways that are idle; the busy ones look anyway.
    database.query(`select pg_notify('kick_queued', '')`).catch((error: unknown) => log.debug({ reason: String(error) }, 'not notified')); // prettier-ignore
  };
  const jobOptions = { format, tracing, lines: store, log };
  return {
    service: new KickJobService(database, queue, audit, jobOptions, { queued, changed: feed.noteProgress }),
    reads: new KickJobReadsService(database, turns, {
      pausedReason: () => pauses.reason(),
      callsPerSecond: () => pace.status.allPerSecond,
    }),
    feed,
    endStreams: () => feed.end(),
    stop: () => (stopping ??= ends.run()),
  };
}
