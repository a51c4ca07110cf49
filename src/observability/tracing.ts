/** What the gateway knows of tracing. OpenTelemetry itself is loaded only where there is a collector to send to. */

export interface Tracing {
  /** Of what is running now, in the form of the W3C's `traceparent` header, to be kept with work for later; null: none. */
  traceparent: () => string | null;
  /** Runs work as a trace of its own, linked to the one that asked for it. @param name from a closed set */
  linked: <T>(name: string, traceparent: string | null, work: () => Promise<T>) => Promise<T>;
  /** Sends what is left. Never fails, never waits long. */
  stop: () => Promise<void>;
}

export const NO_TRACING: Tracing = {
  traceparent: () => null,
  linked: (_name, _traceparent, work) => work(),
  stop: () => Promise.resolve(),
};

interface OpenTelemetry {
  startOpenTelemetry: (endpoint: string) => Tracing;
}

/** To be called before anything is loaded that is to be traced. @param endpoint null: no tracing, at no cost */
export function startTracing(endpoint: string | null): Tracing {
  if (endpoint === null) return NO_TRACING;
  // An import would load OpenTelemetry for everybody, and a dynamic one comes too late to wrap what is loaded next.
  /* eslint-disable-next-line @typescript-eslint/no-require-imports, @typescript-eslint/no-unsafe-assignment -- see above */
  const { startOpenTelemetry }: OpenTelemetry = require('./opentelemetry');
  return startOpenTelemetry(endpoint);
}
