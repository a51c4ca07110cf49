/** The metrics of all workers as one, which never forgets what a worker that has gone had counted. */
import { AggregatorRegistry } from 'prom-client';
import type { WorkerMetrics } from './messages';

/** What only ever grows, and so has to go on from where it was. Gauges of a process that has gone are gone. */
const isCounted = ({ type, aggregator }: WorkerMetrics[number]): boolean =>
  (type === 'counter' || type === 'histogram') && aggregator === 'sum';

export class MetricsSum {
  /** What each worker that lives had said when it was last asked. */
  private readonly latest = new Map<number, WorkerMetrics>();
  private departed: WorkerMetrics = [];

  note(worker: number, metrics: WorkerMetrics): void {
    this.latest.set(worker, metrics);
  }

  /** The worker has gone; what it had counted by its last answer stays. */
  leave(worker: number): void {
    const counted = (this.latest.get(worker) ?? []).filter(isCounted);
    this.latest.delete(worker);
    const kept = AggregatorRegistry.aggregate([this.departed, counted]).getMetricsAsArray();
    this.departed = kept.map((metric) => ({ ...metric }));
  }

  /** Prometheus text. */
  async render(): Promise<string> {
    return AggregatorRegistry.aggregate([...this.latest.values(), this.departed]).metrics();
  }
}
