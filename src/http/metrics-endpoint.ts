import type { FastifyInstance } from 'fastify';
import { Registry } from 'prom-client';

/** `GET /metrics`: Prometheus text. */
export function serveMetrics(app: FastifyInstance, { text }: { text: () => Promise<string> }): void {
  app.get('/metrics', async (_request, reply) => reply.type(Registry.PROMETHEUS_CONTENT_TYPE).send(await text()));
}
