/** The metrics of one gateway, in a registry of their own: several gateways may run in one process. */
import { collectDefaultMetrics, Gauge, Registry, type MetricObject } from 'prom-client';
import { ErrorCode } from '../errors';
import { HUNG_UP, type RecordedCode } from '../hang-up';
import { GatheredCounter, GatheredHistogram } from './gathered';
import {
  BUILD_INFO,
  COUNTERS,
  DURATIONS_S,
  GAUGES,
  HISTOGRAMS,
  LOSSES,
  PREFIX,
  type KickOrigin,
  type KickCallOutcome,
  type Loss,
  type OperationOutcome,
  type RefusalCode,
  type Watched,
} from './metrics';

/** prom-client would show the mean of the workers': one that stands still would hide behind those that don't. */
const LAGS = ['', '_p50', '_p90', '_p99'].map((of) => `nodejs_eventloop_lag${of}_seconds`);

export class Metrics {
  private readonly registry = new Registry();
  private readonly kicks = this.counter('kicks_total');
  private readonly refusals = this.counter('callers_refused_total');
  private readonly attempts = this.counter('upstream_attempts_total');
  private readonly lostRecords = this.counter('audit_records_lost_total');
  private readonly jobOutcomes = this.counter('job_outcomes_total');
  private readonly operations = this.counter('operations_total');
  private readonly responses = this.counter('http_responses_total');
  private readonly kickSeconds = this.histogram('kick_duration_seconds');
  private readonly attemptSeconds = this.histogram('upstream_attempt_duration_seconds');
  private readonly operationSeconds = this.histogram('operation_duration_seconds');

  constructor(version: string) {
    collectDefaultMetrics({ register: this.registry });
    for (const name of LAGS) Object.assign(this.registry.getSingleMetric(name) ?? {}, { aggregator: 'max' });
    const build = new Gauge({ ...BUILD_INFO, labelNames: ['version'], aggregator: 'max', registers: [this.registry] });
    build.set({ version }, 1);
    // From 0, so that the first of each shows as an increase.
    const outcomes: KickCallOutcome[] = ['SUCCESS', HUNG_UP, 'UNEXPECTED', ...Object.values(ErrorCode)];
    for (const outcome of outcomes) this.kicks.inc('single', outcome, 0);
    const refusals: RefusalCode[] = ['RATE_LIMITED', 'FORBIDDEN', 'UNAUTHENTICATED'];
    for (const code of refusals) this.refusals.inc(code, '', 0);
    for (const why of LOSSES) this.lostRecords.inc(why, '', 0);
    this.jobOutcomes.inc('KICKED', 'none', 0);
  }

  /** Adds the gauges, once there is something to look at. */
  watch(from: Watched): void {
    for (const [name, { help, aggregator, label, read }] of Object.entries(GAUGES)) {
      const gauge: Gauge = new Gauge({
        ...{ name: PREFIX + name, help, aggregator, registers: [this.registry] },
        labelNames: label === undefined ? [] : [label],
        collect: async () => {
          const values = await read(from);
          if (label === undefined || typeof values === 'number') return gauge.set(Number(values));
          gauge.reset();
          for (const [value, count] of Object.entries(values)) gauge.set({ [label]: value }, count);
        },
      });
    }
  }

  countKick(origin: KickOrigin, outcome: KickCallOutcome, durationMs: number): void {
    this.kicks.inc(origin, outcome);
    this.kickSeconds.observe(origin, durationMs / 1000);
  }

  countRefusal(code: RefusalCode): void {
    this.refusals.inc(code);
  }

  /** @param path one of the client's own @param code null on success */
  countAttempt(path: string, code: RecordedCode | null, durationMs: number): void {
    this.attempts.inc(path, code ?? 'SUCCESS');
    this.attemptSeconds.observe(path, durationMs / 1000);
  }

  readonly countLostRecord = (why: Loss): void => this.lostRecords.inc(why);

  /** @param state of the lines @param lines how many have come to it */
  countJobOutcome(state: string, code: ErrorCode | null, lines: number): void {
    this.jobOutcomes.inc(state, code ?? 'none', lines);
  }

  /** From 0, as above. */
  expectOperations(fields: readonly string[]): void {
    const outcomes: OperationOutcome[] = ['ok', 'refused', 'failed'];
    for (const field of fields) for (const outcome of outcomes) this.operations.inc(field, outcome, 0);
  }

  /** @param field of the schema's root types, or a word for none and for several */
  countOperation(field: string, outcome: OperationOutcome, durationMs: number): void {
    this.operations.inc(field, outcome);
    this.operationSeconds.observe(field, durationMs / 1000);
  }

  /** @param route as it was registered, not as it was asked for */
  countResponse(route: string, status: number): void {
    this.responses.inc(route, String(status));
  }

  /** In Prometheus' text format. */
  text(): Promise<string> {
    return this.registry.metrics();
  }

  /** For prom-client's `AggregatorRegistry.aggregate`, in a process that answers for several. */
  json(): Promise<MetricObject[]> {
    return this.registry.getMetricsAsJSON();
  }

  private counter<Name extends keyof typeof COUNTERS>(name: Name): GatheredCounter {
    const { help, labels } = COUNTERS[name];
    return new GatheredCounter(labels, { name: PREFIX + name, help, registers: [this.registry] });
  }

  private histogram<Name extends keyof typeof HISTOGRAMS>(name: Name): GatheredHistogram {
    const { help, label } = HISTOGRAMS[name];
    return new GatheredHistogram(label, DURATIONS_S, { name: PREFIX + name, help, registers: [this.registry] });
  }
}
