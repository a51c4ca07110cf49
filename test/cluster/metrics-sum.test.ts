/** The sum over workers, of which some have gone. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { MetricsSum } from '../../src/cluster/metrics-sum';
import { WORKER_METRICS } from '../../src/cluster/messages';
import { Metrics } from '../../src/observability/metrics-registry';

/** What a worker tells that has done something so often. */
async function metricsOf(count: number) {
  const registers = [new Registry()];
  new Counter({ name: 'kicks_total', help: 'x', labelNames: ['code'], registers }).inc({ code: 'OK' }, count);
  new Histogram({ name: 'kick_seconds', help: 'x', buckets: [1], registers }).observe(count);
  new Gauge({ name: 'waiting', help: 'x', registers }).set(count);
  return WORKER_METRICS.parse(await registers[0]!.getMetricsAsJSON());
}

const samples = async (sum: MetricsSum): Promise<string[]> =>
  (await sum.render()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));

it('adds up what each worker said last', async () => {
  const sum = new MetricsSum();
  sum.note(1, await metricsOf(5));
  sum.note(1, await metricsOf(7));
  sum.note(2, await metricsOf(1));
  expect(await samples(sum)).toEqual([
    'kicks_total{code="OK"} 8',
    'kick_seconds_bucket{le="1"} 1',
    'kick_seconds_bucket{le="+Inf"} 2',
    'kick_seconds_sum 8',
    'kick_seconds_count 2',
    'waiting 8',
  ]);
});

it('keeps what workers had counted that have gone, so that no counter ever falls, and drops their gauges', async () => {
  const sum = new MetricsSum();
  for (const worker of [1, 2, 3]) sum.note(worker, await metricsOf(worker));
  sum.leave(3);
  sum.leave(1);
  sum.leave(9);
  sum.note(4, await metricsOf(0));
  expect(await samples(sum)).toEqual([
    'kicks_total{code="OK"} 6',
    'kick_seconds_bucket{le="1"} 2',
    'kick_seconds_bucket{le="+Inf"} 4',
    'kick_seconds_sum 6',
    'kick_seconds_count 4',
    'waiting 2',
  ]);
});

it('has nothing to say of no worker', async () => {
  expect(await samples(new MetricsSum())).toEqual([]);
});

it('shows the worst lag of the event loop, as the mean would hide one that stands still', async () => {
  const sum = new MetricsSum();
  for (const [worker, lag] of [0.01, 1.2, 0.02].entries()) {
    const metrics = WORKER_METRICS.parse(await new Metrics('1').json());
    const lags = metrics.filter(({ name }) => /^nodejs_eventloop_lag(_p50|_p90|_p99)?_seconds$/.test(name));
    expect(lags).toHaveLength(4);
    for (const metric of lags) metric['values'] = [{ value: lag, labels: {} }];
    sum.note(worker, lags);
  }
  expect((await samples(sum)).map((line) => line.split(' ')[1])).toEqual(['1.2', '1.2', '1.2', '1.2']);
});
