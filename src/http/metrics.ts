import type { FastifyInstance } from 'fastify';
import { prometheusContentType } from 'prom-client';

/** `GET /metrics`: Prometheus text. */
export function serveMetrics(app: FastifyInstance, render: () => Promise<string>): void {
  app.get('/metrics', async (_request, reply) => reply.type(prometheusContentType).send(await render()));
}
