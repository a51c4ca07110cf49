/** Several gateways on one port: this process starts and minds them, and serves no caller itself. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Config } from '../config';
import type { Logger } from '../observability/logger';
import { METRICS_PATH, startMetricsServer, type MetricsServer } from '../http/metrics-endpoint';
import type { HttpOptions } from '../http/server';
import { chooseUpstream } from '../upstream';
import type { Started } from './messages';
import { WorkerPool } from './worker-pool';

type MetricsRules = Omit<HttpOptions, 'corsOrigins'>;

export interface Cluster extends Started {
  metricsUrl: string;
  /** See {@link WorkerPool.stop}. */
  stop: (graceMs: number) => Promise<void>;
  /** Ends all workers at once. */
  kill: () => void;
}

/** Found once, so that a worker that takes another's place listens where that one did. */
async function findPort({ host, port }: Config): Promise<number> {
  if (port !== 0) return port;
  const server = createServer().listen(0, host);
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** On METRICS_PORT, if it is set; without it any worker answers for all. @throws when it can't, the workers killed */
async function serveAllMetrics(
  pool: WorkerPool,
  { host, metricsPort }: Config,
  rules: MetricsRules,
): Promise<MetricsServer | null> {
  if (metricsPort === null) return null;
  try {
    return await startMetricsServer({ text: () => pool.renderMetrics() }, { host, port: metricsPort }, rules);
  } catch (error) {
    pool.kill();
    throw error;
  }
}

/** @throws when a worker can't start; the others are gone then */
export async function startCluster(config: Config, log: Logger): Promise<Cluster> {
  const { stop: stopUpstream, ...upstream } = await chooseUpstream(config);
  const port = await findPort(config);
  // A key of GenAuth's is in the workers' own environment.
  const pool = new WorkerPool(config.workers, { port, upstream: upstream.demo === null ? null : upstream }, log);
  const started = await pool.open();
  let isDraining = false;
  const rules = { loopbackOnly: !started.needsToken, isDraining: () => isDraining, log };
  const metrics = await serveAllMetrics(pool, config, rules);
  return {
    ...started,
    metricsUrl: metrics?.url ?? started.url + METRICS_PATH,
    stop: async (graceMs) => {
      isDraining = true;
      await pool.stop(graceMs);
      await metrics?.stop();
      await stopUpstream();
    },
    kill: () => pool.kill(),
  };
}
