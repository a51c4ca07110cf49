/**
 * One trace from the caller's `traceparent` through GraphQL to the call to GenAuth. GenAuth gets a `traceparent` and
 * nothing else: ids made by chance, which mean something to whoever has the traces. Neither baggage nor `tracestate`
 * passes through the gateway, as both hold whatever somebody else has put in.
 */
import {
  context,
  isSpanContextValid,
  propagation,
  ROOT_CONTEXT,
  SpanStatusCode,
  trace,
  type TextMapPropagator,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { GraphQLInstrumentation } from '@opentelemetry/instrumentation-graphql';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import { core, NodeSDK, resources } from '@opentelemetry/sdk-node';
import { withPatience } from '../patience';
import { PRODUCT } from '../product';
import { DiscreetExporter } from './discreet-exporter';
import type { Tracing } from './tracing';

/** Asked every few seconds by machines; nobody looks at their traces. */
const UNTRACED = new Set(['/healthz', '/readyz', '/metrics']);
/** A collector that takes longer at the end is not waited for. Milliseconds. */
const FLUSH_MS = 2000;

function traceparentOnly(): TextMapPropagator {
  const w3c = new core.W3CTraceContextPropagator();
  return {
    fields: () => ['traceparent'],
    inject: (from, carrier, setter) => w3c.inject(from, carrier, setter),
    extract: (into, carrier, getter) =>
      w3c.extract(into, carrier, {
        keys: (given) => getter.keys(given),
        get: (given, key) => (key === 'tracestate' ? undefined : getter.get(given, key)),
      }),
  };
}

function startSdk(endpoint: string): NodeSDK {
  const sdk = new NodeSDK({
    resource: resources.resourceFromAttributes({ 'service.name': PRODUCT.name, 'service.version': PRODUCT.version }),
    // OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES; the other detectors would tell of users and paths of the machine.
    resourceDetectors: [resources.envDetector],
    textMapPropagator: traceparentOnly(),
    traceExporter: new DiscreetExporter(new OTLPTraceExporter({ url: `${endpoint.replace(/\/+$/, '')}/v1/traces` })),
    // Traces only: the metrics are Prometheus', the log is pino's.
    metricReaders: [],
    logRecordProcessors: [],
    instrumentations: [
      new HttpInstrumentation({
        // All calls of ours go through undici.
        disableOutgoingRequestInstrumentation: true,
        ignoreIncomingRequestHook: ({ url = '' }) => UNTRACED.has(url.replace(/\?.*$/s, '')),
      }),
      new GraphQLInstrumentation({ ignoreResolveSpans: true }),
      // Without a parent it would be the reading of an issuer's keys, and the like.
      new UndiciInstrumentation({ requireParentforSpans: true }),
    ],
  });
  sdk.start();
  return sdk;
}

function currentTraceparent(): string | null {
  const carrier: Record<string, string> = {};
  propagation.inject(context.active(), carrier);
  return carrier['traceparent'] ?? null;
}

function linksTo(traceparent: string | null) {
  if (traceparent === null) return [];
  const linked = trace.getSpanContext(propagation.extract(ROOT_CONTEXT, { traceparent }));
  return linked !== undefined && isSpanContextValid(linked) ? [{ context: linked }] : [];
}

export function startOpenTelemetry(endpoint: string): Tracing {
  const sdk = startSdk(endpoint);
  const tracer = trace.getTracer(PRODUCT.name, PRODUCT.version);
  return {
    traceparent: currentTraceparent,
    linked: (name, traceparent, work) =>
      tracer.startActiveSpan(name, { root: true, links: linksTo(traceparent) }, async (span) => {
        try {
          return await work();
        } catch (error) {
          span.setStatus({ code: SpanStatusCode.ERROR });
          throw error;
        } finally {
          span.end();
        }
      }),
    stop: () =>
      withPatience(
        sdk.shutdown().catch(() => undefined),
        FLUSH_MS,
        undefined,
      ),
  };
}
