import type { FastifyInstance } from 'fastify';

/** Why a gateway can't serve, for those who look after it. */
type UnreadyReason = 'SHUTTING_DOWN' | 'GENAUTH_KEY_REFUSED' | 'DATABASE_UNREACHABLE';
/**
 * What is worth knowing but takes no gateway out: all of them share it, so taking out each would leave none. The database
 * is a note where kicks go ahead without it.
 */
export type ReadinessNote =
  'GENAUTH_CIRCUIT_OPEN' | 'AUTH_KEYS_UNAVAILABLE' | 'AUTH_KEYS_STALE' | 'DATABASE_UNREACHABLE';

export interface Readiness {
  reasons: UnreadyReason[];
  notes: ReadinessNote[];
}

/** Two questions, two answers: does the process live, and can it serve? */
export function serveHealth(app: FastifyInstance, probe: () => Promise<Readiness>): void {
  app.get('/healthz', async () => ({ alive: true }));
  app.get('/readyz', async (_request, reply) => {
    const { reasons, notes } = await probe();
    const isReady = reasons.length === 0;
    return reply.code(isReady ? 200 : 503).send({ ready: isReady, reasons, notes });
  });
}
