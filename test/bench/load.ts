/** The load generator, a process of its own: requests on so many connections, each for another user. */
import { setTimeout as delay } from 'node:timers/promises';
import { Client, type Dispatcher } from 'undici';

/** One run. */
export interface LoadPlan {
  /** Origin. */
  url: string;
  path: string;
  /** Connections take turns in having one of these. */
  headers: readonly Record<string, string>[];
  /** The body before and after the user's id. */
  body: readonly [string, string];
  /** What every right answer has in its body, beside HTTP 200. */
  marker: string;
  connections: number;
  /** Requests a second, of all connections together and evenly spread; null: as many as they carry. */
  perSecond: number | null;
  /** Not measured. Milliseconds. */
  warmUpMs: number;
  /** Milliseconds. */
  measureMs: number;
}

export interface LoadResult {
  /** Right answers, those of the warm-up included: each is a kick. */
  kicks: number;
  /** Other answers, and none. */
  wrong: number;
  /** The first of those. */
  firstWrong: string | null;
  perSecond: number;
  /** Milliseconds. */
  p50: number;
  p99: number;
}

/** Of 24 hexadecimal digits, as GenAuth's are; never the same twice. */
let users = Date.now();
const nextUser = (): string => (users++).toString(16).padStart(24, '5');

const percentile = (sorted: Float64Array, share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;

/** Reads one answer; holds what came until it is told right or wrong. */
class AnswerReader implements Dispatcher.DispatchHandler {
  private status = 0;
  private readonly chunks: Buffer[] = [];

  constructor(
    private readonly marker: string,
    private readonly done: (wrong: string | null) => void,
  ) {}

  onRequestStart(): void {}

  onResponseStart(_controller: Dispatcher.DispatchController, status: number): void {
    this.status = status;
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.chunks.push(chunk);
  }

  onResponseEnd(): void {
    const body = this.chunks.length === 1 ? this.chunks[0]! : Buffer.concat(this.chunks);
    const isRight = this.status === 200 && body.includes(this.marker);
    this.done(isRight ? null : `${this.status} ${body.toString()}`);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.done(String(error));
  }
}

async function run(plan: LoadPlan): Promise<LoadResult> {
  const latencies: number[] = [];
  const result = { kicks: 0, wrong: 0, firstWrong: null as string | null };
  const beganAt = performance.now();
  const measuredFrom = beganAt + plan.warmUpMs;
  const endsAt = measuredFrom + plan.measureMs;
  const [before, after] = plan.body;

  const { perSecond: pace, connections } = plan;
  /**
   * When a connection's next request is due, however late the answer before it was: who is slow is asked no less, or would
   * look quick for it ("coordinated omission", https://github.com/giltene/wrk2).
   */
  const dueAt = (turn: number, index: number): number =>
    pace === null ? performance.now() : beganAt + ((turn * connections + index) / pace) * 1000;
  const keepBusy = async (_: unknown, index: number): Promise<void> => {
    const client = new Client(plan.url, { pipelining: 1, headersTimeout: 20_000 });
    const headers = plan.headers[index % plan.headers.length]!;
    /** @param startedAt what it is measured from */
    const exchange = (startedAt: number): Promise<void> =>
      new Promise((resolve) => {
        const reader = new AnswerReader(plan.marker, (wrong) => {
          const now = performance.now();
          if (wrong === null) result.kicks++;
          else result.wrong++;
          result.firstWrong ??= wrong;
          if (now >= measuredFrom && now < endsAt) latencies.push(now - startedAt);
          resolve();
        });
        client.dispatch({ method: 'POST', path: plan.path, headers, body: before + nextUser() + after }, reader);
      });
    for (let turn = 0, due = dueAt(0, index); due < endsAt; due = dueAt(++turn, index)) {
      if (due > performance.now()) await delay(due - performance.now());
      await exchange(due);
    }
    await client.close();
  };
  await Promise.all(Array.from({ length: connections }, keepBusy));
  const sorted = Float64Array.from(latencies).sort();
  const perSecond = sorted.length / (plan.measureMs / 1000);
  return { ...result, perSecond, p50: percentile(sorted, 0.5), p99: percentile(sorted, 0.99) };
}

process.on('message', (plan: LoadPlan) => {
  void run(plan).then((result) => process.send?.(result));
});
process.send?.('ready');
