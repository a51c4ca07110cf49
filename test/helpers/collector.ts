/** A collector of OpenTelemetry traces on a free port, which reads OTLP over HTTP as protobuf. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { atEnd } from './at-end';

export interface CollectedSpan {
  /** The instrumentation that made it, without the package's prefix. */
  scope: string;
  traceId: string;
  spanId: string;
  /** Empty at the root. */
  parentSpanId: string;
  name: string;
  /** 2: served, 3: called. */
  kind: number;
  attributes: Record<string, string | number>;
  links: { traceId: string; spanId: string }[];
}

interface Fields {
  bytes: (field: number) => Buffer[];
  hex: (field: number) => string;
  text: (field: number) => string;
  /** Of a varint; undefined when there is none. */
  number: (field: number) => number | undefined;
}

/** https://protobuf.dev/programming-guides/encoding/ */
function read(message: Buffer): Fields {
  const bytes = new Map<number, Buffer[]>();
  const numbers = new Map<number, number>();
  let at = 0;
  const varint = (): number => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = message.readUInt8(at++);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return Number(value);
    }
  };
  while (at < message.length) {
    const tag = varint();
    const field = tag >> 3;
    const type = tag & 7;
    if (type === 0) numbers.set(field, varint());
    else if (type === 1) at += 8;
    else if (type === 5) at += 4;
    else {
      const length = varint();
      bytes.set(field, [...(bytes.get(field) ?? []), message.subarray(at, at + length)]);
      at += length;
    }
  }
  const last = (field: number) => bytes.get(field)?.at(-1) ?? Buffer.alloc(0);
  return {
    bytes: (field) => bytes.get(field) ?? [],
    hex: (field) => last(field).toString('hex'),
    text: (field) => last(field).toString(),
    number: (field) => numbers.get(field),
  };
}

/** Numbers of fields as in opentelemetry/proto/trace/v1/trace.proto. */
function toSpan(scope: string, message: Buffer): CollectedSpan {
  const span = read(message);
  const attributes = span.bytes(9).map((pair): [string, string | number] => {
    const value = read(read(pair).bytes(2)[0] ?? Buffer.alloc(0));
    return [read(pair).text(1), value.number(3) ?? value.text(1)];
  });
  return {
    scope: scope.replace('@opentelemetry/instrumentation-', ''),
    ...{ traceId: span.hex(1), spanId: span.hex(2), parentSpanId: span.hex(4) },
    ...{ name: span.text(5), kind: span.number(6) ?? 0 },
    attributes: Object.fromEntries(attributes),
    links: span.bytes(13).map((link) => ({ traceId: read(link).hex(1), spanId: read(link).hex(2) })),
  };
}

const toSpans = (request: Buffer): CollectedSpan[] =>
  read(request)
    .bytes(1)
    .flatMap((resourceSpans) => read(resourceSpans).bytes(2))
    .flatMap((scopeSpans) => {
      const scope = read(read(scopeSpans).bytes(1)[0] ?? Buffer.alloc(0)).text(1);
      return read(scopeSpans)
        .bytes(2)
        .map((span) => toSpan(scope, span));
    });

/** One that ends with the test file. */
export async function startCollector() {
  const bodies: Buffer[] = [];
  const server = createServer((request, response) => {
    void buffer(request).then((body) => {
      if (request.url === '/v1/traces' && request.headers['content-type'] === 'application/x-protobuf')
        bodies.push(body);
      response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  atEnd(async () => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    /** All so far. */
    spans: () => bodies.flatMap(toSpans),
    /** All that came, as it came. */
    raw: () => Buffer.concat(bodies).toString('latin1'),
  };
}
export type Collector = Awaited<ReturnType<typeof startCollector>>;
