/**
 * Observations are gathered and handed to prom-client together, at the latest when it is asked for them: it checks and joins
 * all labels each time, by code that is cold when each request runs it alone.
 */
import { Counter, Histogram, type Registry } from 'prom-client';

/** So many durations are kept of one label at most. */
const MAX_KEPT = 500;

interface Options {
  name: string;
  help: string;
  registers: Registry[];
}

/** A counter with one label or two. */
export class GatheredCounter {
  private readonly counter: Counter;
  /** Not told yet, by the labels' values. */
  private readonly counts = new Map<string, Map<string, number>>();

  constructor(
    private readonly labels: readonly [string, string?],
    options: Options,
  ) {
    const labelNames = labels.filter((label) => label !== undefined);
    this.counter = new Counter({ ...options, labelNames, collect: () => this.tell() });
  }

  /** @param by 0: it is shown as 0 from now on */
  inc(first: string, second = '', by = 1): void {
    let ofFirst = this.counts.get(first);
    if (ofFirst === undefined) this.counts.set(first, (ofFirst = new Map<string, number>()));
    ofFirst.set(second, (ofFirst.get(second) ?? 0) + by);
  }

  private tell(): void {
    const [firstLabel, secondLabel] = this.labels;
    const counts = [...this.counts];
    // First, so that nothing is ever told twice.
    this.counts.clear();
    for (const [first, ofFirst] of counts) {
      for (const [second, count] of ofFirst) {
        this.counter.inc({ [firstLabel]: first, ...(secondLabel !== undefined && { [secondLabel]: second }) }, count);
      }
    }
  }
}

/** A histogram with one label. */
export class GatheredHistogram {
  private readonly histogram: Histogram;
  private readonly values = new Map<string, number[]>();

  constructor(
    private readonly label: string,
    buckets: number[],
    options: Options,
  ) {
    this.histogram = new Histogram({ ...options, buckets, labelNames: [label], collect: () => this.tellAll() });
  }

  /** @param value in the histogram's unit */
  observe(of: string, value: number): void {
    const values = this.values.get(of);
    if (values === undefined) this.values.set(of, [value]);
    else if (values.push(value) >= MAX_KEPT) this.tell(of, values);
  }

  private tellAll(): void {
    for (const [of, values] of this.values) this.tell(of, values);
  }

  private tell(of: string, values: number[]): void {
    for (const value of values.splice(0)) this.histogram.observe({ [this.label]: of }, value);
  }
}
