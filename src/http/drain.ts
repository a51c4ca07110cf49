import type { FastifyInstance } from 'fastify';

/** How often connections are looked through while the last requests are answered. Milliseconds. */
const SWEEP_MS = 50;

/**
 * Closes the server once all requests under way are answered.
 * @param cutOffMs by then they are, but for those that `settled` waits for, which a slow database holds up; what is open
 * after that never became a request, and is cut off
 */
export async function drain(
  http: FastifyInstance,
  cutOffMs: number,
  settled = (): Promise<void> => Promise.resolve(),
): Promise<void> {
  let cutOff = setTimeout(() => {
    // Their answers have to leave yet.
    void settled().then(() => (cutOff = setTimeout(() => http.server.closeAllConnections(), SWEEP_MS)));
  }, cutOffMs);
  const closed = http.close();
  // Streams began long before, without `Connection: close`: theirs are kept for requests that must not come any more.
  const sweep = setInterval(() => http.server.closeIdleConnections(), SWEEP_MS);
  await closed.finally(() => {
    clearTimeout(cutOff);
    clearInterval(sweep);
  });
}
