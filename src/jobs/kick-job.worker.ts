/** Takes chunks from the queue while there is room, and works them off; gives them back when the gateway stops. */
import type { Logger } from '../observability/logger';
import { ChunkWork, type ChunkTools } from './chunk-work';
import { CHUNK_SIZE } from './chunk';
import type { HeldChunk } from './kick-queue';

/** Chunks in hand at once at most: enough lines to fill the gate. */
const MAX_CHUNKS = 6;
/** An empty queue is looked at again after so long, unless somebody says that there is something. Milliseconds. */
const IDLE_MS = 1000;
/** While GenAuth is away, or the database. Milliseconds. */
const PAUSE_MS = 250;

export class KickJobWorker {
  private readonly running = new Map<ChunkWork, Promise<void>>();
  private isStopping = false;
  private isLooking = false;
  /** Woken since it last began to look. */
  private isWoken = false;
  private isBlind = false;
  private timer: NodeJS.Timeout | null = null;
  private looking: Promise<void> = Promise.resolve();

  constructor(
    private readonly tools: ChunkTools,
    private readonly log: Logger,
  ) {}

  start(): void {
    this.wake();
  }

  /** There may be something in the queue, or room for it. Said while it looks, it looks once more: chunks may end together. */
  readonly wake = (): void => {
    this.isWoken = true;
    if (this.isStopping || this.isLooking) return;
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.isLooking = true;
    this.isWoken = false;
    this.looking = this.look().then((waitMs) => {
      this.isLooking = false;
      if (this.isWoken) this.wake();
      else if (!this.isStopping && waitMs !== null) this.timer = setTimeout(this.wake, waitMs).unref();
    });
  };

  /** Calls in flight are answered, everything else goes back to the queue. */
  async stop(): Promise<void> {
    this.isStopping = true;
    if (this.timer !== null) clearTimeout(this.timer);
    for (const chunk of this.running.keys()) chunk.end();
    await this.looking;
    for (const chunk of this.running.keys()) chunk.end();
    await Promise.all(this.running.values());
  }

  /** @returns when to look again, in milliseconds; null: when a chunk is done */
  private async look(): Promise<number | null> {
    if (this.tools.isPaused()) return PAUSE_MS;
    const room = this.chunksWanted() - this.running.size;
    if (room <= 0) return null;
    try {
      const chunks = await this.tools.queue.take(room);
      if (this.isBlind) this.log.info('the job queue can be read again');
      this.isBlind = false;
      for (const chunk of chunks) this.begin(chunk);
      return chunks.length === room ? null : IDLE_MS;
    } catch (error) {
      if (!this.isBlind) this.log.warn({ reason: String(error) }, 'the job queue can not be read');
      this.isBlind = true;
      return IDLE_MS;
    }
  }

  /** Where few can be sent while a chunk is held, those at the end of the list are not to come before those in front. */
  private chunksWanted(): number {
    const { gate, sliceMs } = this.tools;
    return Math.min(MAX_CHUNKS, 1 + Math.ceil(gate.linesIn(sliceMs) / CHUNK_SIZE));
  }

  private begin(chunk: HeldChunk): void {
    const work = new ChunkWork(chunk, this.tools);
    const done = work
      .run()
      // The engine hands it out again; what was sent is settled by reading back.
      .catch((error: unknown) => this.log.error({ err: error, jobId: chunk.jobId }, 'a chunk of a job was broken off'))
      .finally(() => {
        this.running.delete(work);
        this.wake();
      });
    this.running.set(work, done);
  }
}
