/** `GET /metrics`: beside everything else, or alone on a port that callers don't reach. */
import type { FastifyInstance } from 'fastify';
import { Registry } from 'prom-client';
import { codeOf } from '../errors';
import type { Metrics } from '../observability/metrics-registry';
import { drain } from './drain';
import { createHttpServer, listen, type HttpOptions } from './server';

/** One gateway's, or those of several workers together. */
export interface MetricsSource {
  text: () => Promise<string>;
}

/** In which workers have told their metrics, and more; what is open after it is no scrape. Milliseconds. */
const ANSWERED_WITHIN_MS = 2000;

/** Why it can't listen, where that is the port's fault. */
const LISTEN_FAULTS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is taken by another process; set another one, or 0 for a free one',
  EACCES: 'may not be used by this user; set one above 1023',
};

export const METRICS_PATH = '/metrics';

export function serveMetrics(app: FastifyInstance, metrics: MetricsSource): void {
  app.get(METRICS_PATH, async (_request, reply) =>
    reply.type(Registry.PROMETHEUS_CONTENT_TYPE).send(await metrics.text()),
  );
}

/** Call it before the routes are made. */
export function countResponses(app: FastifyInstance, metrics: Metrics): void {
  app.addHook('onResponse', async ({ routeOptions }, { statusCode }) => {
    metrics.countResponse(routeOptions.url ?? 'none', statusCode);
    if (statusCode === 401) metrics.countRefusal('UNAUTHENTICATED');
  });
}

export interface MetricsServer {
  /** With the path. */
  url: string;
  stop: () => Promise<void>;
}

/** @param rules as for the gateway's own server @throws with a line that names the variable, when the port is taken or too low */
export async function startMetricsServer(
  metrics: MetricsSource,
  address: { host: string; port: number },
  rules: Omit<HttpOptions, 'corsOrigins'>,
): Promise<MetricsServer> {
  const app = await createHttpServer({ ...rules, corsOrigins: [] });
  serveMetrics(app, metrics);
  try {
    return { url: (await listen(app, address)) + METRICS_PATH, stop: () => drain(app, ANSWERED_WITHIN_MS) };
  } catch (error) {
    const fault = LISTEN_FAULTS[codeOf(error)];
    throw fault === undefined ? error : new Error(`METRICS_PORT ${fault}`, { cause: error });
  }
}
