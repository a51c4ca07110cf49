/** The workers: started together, replaced when they die, ended together. */
import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import type { Logger } from '../observability/logger';
import { Channel } from './channel';
import { START_REPORT, Topic, WORKER_METRICS, type Start, type Started } from './messages';
import { MetricsSum } from './metrics-sum';

/** Before a worker is replaced: twice as long after each death, until one has lived for `STABLE_MS`. Milliseconds. */
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 30_000;
const STABLE_MS = 60_000;

/** A worker that hasn't told its metrics by then is busy; what it said before stands. Milliseconds. */
const METRICS_WITHIN_MS = 1000;

/** A worker can't start, and says why: one line for each reason. */
export class WorkerRefusal extends Error {
  override readonly name = 'WorkerRefusal';
  constructor(readonly faults: string[]) {
    super(faults.join('; '));
  }
}

interface Member {
  worker: Worker;
  channel: Channel;
  /** It can be told something. */
  isListening: boolean;
  /** It has ended before it served. */
  fail: (error: Error) => void;
  /** By `performance.now()`. */
  bornAt: number;
}

export class WorkerPool {
  private readonly members = new Map<number, Member>();
  private readonly metrics = new MetricsSum();
  private readonly timers = new Set<NodeJS.Timeout>();
  /** In a row. */
  private earlyDeaths = 0;
  private isServing = false;
  private isStopping = false;

  constructor(
    private readonly size: number,
    private readonly start: Start,
    private readonly log: Logger,
    /** Aborted when all are asked to end: nobody is replaced then. */
    private readonly giveUp: AbortSignal,
  ) {
    // Numbers that JSON has no word for stand in metrics, such as NaN.
    cluster.setupPrimary({ serialization: 'advanced' });
  }

  /** @throws when one of them can't start; the others are killed then */
  async open(): Promise<Started> {
    try {
      const [first] = await Promise.all(Array.from({ length: this.size }, () => this.begin()));
      if (first === undefined) throw new Error('a pool has one worker at least');
      this.isServing = true;
      // One that served already may have died while others were starting.
      for (let missing = this.size - this.members.size; missing > 0; missing--) this.replace(null);
      return first;
    } catch (error) {
      this.kill();
      throw error;
    }
  }

  /** Each serves for `graceMs` and drains. @throws when one of them didn't end well */
  async stop(graceMs: number): Promise<void> {
    this.isStopping = true;
    for (const timer of this.timers) clearTimeout(timer);
    const members = [...this.members.values()];
    // Has nothing under way yet, and could not be told.
    for (const { worker } of members.filter(({ isListening }) => !isListening)) worker.process.kill('SIGKILL');
    const listening = members.filter(({ isListening }) => isListening);
    const ended = listening.map(async ({ worker, channel }) => {
      channel.ask(Topic.STOP, { graceMs }).catch(() => undefined);
      const [code, signal] = (await once(worker, 'exit')) as [number | null, string | null];
      return { pid: worker.process.pid, code, signal };
    });
    const failed = (await Promise.all(ended)).filter(({ code }) => code !== 0);
    if (failed.length > 0) throw new Error(`workers did not end well: ${JSON.stringify(failed)}`);
  }

  /** Ends all at once, whatever is under way. */
  kill(): void {
    this.isStopping = true;
    for (const { worker } of this.members.values()) worker.process.kill('SIGKILL');
  }

  /** The metrics of all workers as one. Prometheus text. */
  async renderMetrics(): Promise<string> {
    const asked = [...this.members].map(async ([id, { channel }]) => {
      const metrics = WORKER_METRICS.parse(await channel.ask(Topic.METRICS, null, METRICS_WITHIN_MS));
      if (this.members.has(id)) this.metrics.note(id, metrics);
    });
    for (const told of await Promise.allSettled(asked)) {
      if (told.status === 'rejected')
        this.log.warn({ reason: String(told.reason) }, 'a worker does not tell its metrics');
    }
    return this.metrics.render();
  }

  /** @throws {WorkerRefusal} or when it dies before it serves */
  private begin(): Promise<Started> {
    return new Promise((resolve, reject) => {
      const worker = cluster.fork();
      const ignore = (): void => undefined; // whoever has gone is told of by 'exit'
      const channel = new Channel((message) => worker.send(message, ignore), {
        [Topic.START]: () => {
          member.isListening = true;
          return this.start;
        },
        [Topic.STARTED]: (body) => {
          const report = START_REPORT.parse(body);
          if ('faults' in report) reject(new WorkerRefusal(report.faults));
          else resolve(report);
        },
        [Topic.ALL_METRICS]: () => this.renderMetrics(),
      });
      const member: Member = { worker, channel, isListening: false, fail: reject, bornAt: performance.now() };
      this.members.set(worker.id, member);
      worker.on('error', ignore).on('message', channel.receive);
      worker.once('exit', (code, signal) => this.bury(worker.id, code, signal));
    });
  }

  private bury(id: number, code: number | null, signal: string | null): void {
    const member = this.members.get(id);
    if (member === undefined) return;
    this.members.delete(id);
    member.channel.close('the worker has ended');
    member.fail(new Error(`a worker has ended (${signal ?? code}) before it served`));
    this.metrics.leave(id);
    if (!this.isServing || this.isStopping) return;
    if (performance.now() - member.bornAt > STABLE_MS) this.earlyDeaths = 0;
    this.replace({ worker: member.worker.process.pid, code, signal });
  }

  /** @param ended who is known to have; null: it was while others were starting */
  private replace(ended: { worker: number | undefined; code: number | null; signal: string | null } | null): void {
    if (this.giveUp.aborted) return;
    const waitMs = Math.min(FIRST_WAIT_MS * 2 ** this.earlyDeaths, LONGEST_WAIT_MS);
    this.earlyDeaths += 1;
    this.log.error({ ...ended, waitMs }, 'a worker has ended; another takes its place');
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      // It has ended then, too, and is replaced in its turn.
      this.begin().catch((error: unknown) => this.log.error({ reason: String(error) }, 'a worker can not start'));
    }, waitMs);
    this.timers.add(timer);
  }
}
