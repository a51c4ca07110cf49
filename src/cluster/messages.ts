/** What the primary process and its workers tell each other. */
import { z } from 'zod';

/** Asked by a worker: `START`, `STARTED` and `ALL_METRICS`; by the primary: `STOP` and `METRICS`. */
export const Topic = {
  /** How to start. A worker asks, as what it is told before it listens may be lost. */
  START: 'start',
  /** Tells that the gateway serves, or why it can't. */
  STARTED: 'started',
  /** Serve for the grace, then drain and exit. Not answered: the process ends. */
  STOP: 'stop',
  /** This worker's metrics. */
  METRICS: 'metrics',
  /** The metrics of all workers, as text. */
  ALL_METRICS: 'all-metrics',
} as const;

export const START = z.object({
  /** In the place of PORT=0: the port that was found. */
  port: z.number(),
  /** The emulator that all workers share; null: each calls GenAuth with the key of its environment. */
  upstream: z
    .object({
      host: z.string(),
      key: z.object({ id: z.string(), secret: z.string() }),
      demo: z.object({ userId: z.string(), appId: z.string() }).nullable(),
    })
    .nullable(),
});
export type Start = z.infer<typeof START>;

/** What a gateway tells of itself once it serves. */
const STARTED = z.object({
  url: z.string(),
  upstream: z.object({ host: z.string(), isEmulated: z.boolean() }),
  needsToken: z.boolean(),
  curl: z.string(),
});
export type Started = z.infer<typeof STARTED>;

export const START_REPORT = z.union([STARTED, z.object({ faults: z.array(z.string()) })]);
export type StartReport = z.infer<typeof START_REPORT>;

/** `graceMs`: served so long before draining. Milliseconds. */
export const STOP = z.object({ graceMs: z.number() });

/** As prom-client's `getMetricsAsJSON` gives them, and its `AggregatorRegistry.aggregate` takes them. */
export const WORKER_METRICS = z.array(z.looseObject({ name: z.string(), type: z.unknown(), aggregator: z.unknown() }));
export type WorkerMetrics = z.infer<typeof WORKER_METRICS>;
