/**
 * What leaves the process of a span: a closed list of attributes. Instrumentations record whatever they see (queries with
 * users' ids in them, callers' headers, the names in callers' documents, texts of errors), and more with each release.
 */
import { SpanKind, type Attributes } from '@opentelemetry/api';
import type { tracing } from '@opentelemetry/sdk-node';

type ReadableSpan = tracing.ReadableSpan;
type SpanExporter = tracing.SpanExporter;

/** Numbers and words of protocols, and the hosts that we call ourselves. */
const ALLOWED = ['http.request.method', 'http.response.status_code', 'network.protocol.version', 'url.scheme', 'graphql.operation.type', 'error.type']; // prettier-ignore
const ALLOWED_OF_CALLS = [...ALLOWED, 'server.address', 'server.port', 'url.path'];
/** What callers ask for is repeated only where it is one of our own addresses. */
const ROUTES = new Set(['/', '/graphql', '/graphql/stream']);

function attributesOf({ kind, attributes }: ReadableSpan): Attributes {
  const names = kind === SpanKind.CLIENT ? ALLOWED_OF_CALLS : ALLOWED;
  const route = attributes['url.path'];
  return {
    ...Object.fromEntries(names.flatMap((name) => (name in attributes ? [[name, attributes[name]]] : []))),
    ...(kind !== SpanKind.CLIENT && typeof route === 'string' && ROUTES.has(route) && { 'http.route': route }),
  };
}

/** A GraphQL operation's span is named `mutation KickUsers`, by a name of the caller's. */
const nameOf = ({ name, instrumentationScope }: ReadableSpan): string =>
  instrumentationScope.name.endsWith('instrumentation-graphql') ? name.replace(/ .*$/s, '') : name;

export const discreet = (span: ReadableSpan): ReadableSpan => ({
  ...{ kind: span.kind, startTime: span.startTime, endTime: span.endTime, duration: span.duration, ended: span.ended },
  ...{ resource: span.resource, instrumentationScope: span.instrumentationScope },
  ...(span.parentSpanContext && { parentSpanContext: span.parentSpanContext }),
  spanContext: () => span.spanContext(),
  name: nameOf(span),
  attributes: attributesOf(span),
  status: { code: span.status.code },
  links: span.links.map(({ context }) => ({ context })),
  // Errors with their messages and stacks: the log has them.
  events: [],
  ...{ droppedAttributesCount: 0, droppedEventsCount: 0, droppedLinksCount: 0 },
});

export class DiscreetExporter implements SpanExporter {
  constructor(private readonly inner: SpanExporter) {}

  export(spans: ReadableSpan[], done: Parameters<SpanExporter['export']>[1]): void {
    this.inner.export(spans.map(discreet), done);
  }

  async forceFlush(): Promise<void> {
    await this.inner.forceFlush?.();
  }

  shutdown(): Promise<void> {
    return this.inner.shutdown();
  }
}
