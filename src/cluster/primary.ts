/** Several gateways on one port: this process starts and minds them, and serves no caller itself. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config';
import type { Logger } from '../observability/logger';
import { METRICS_PATH, startMetricsServer, type MetricsServer } from '../http/metrics-endpoint';
import type { HttpOptions } from '../http/server';
import { chooseUpstream } from '../upstream';
import type { Started } from './messages';
import { WorkerPool, WorkerRefusal } from './worker-pool';

/**
 * A signal to a whole group of processes may have ended a worker, and told of that, while ours is still under way: the kernel
 * hands signals to any thread of a process. Milliseconds.
 */
const SAME_SIGNAL_WITHIN_MS = 1000;

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

/** @throws when a worker can't start, once it is clear whether all were asked to end */
async function open(pool: WorkerPool, giveUp: AbortSignal): Promise<Started> {
  try {
    return await pool.open();
  } catch (error) {
    // One that says why it can't start was not asked to.
    if (!(error instanceof WorkerRefusal))
      await sleep(SAME_SIGNAL_WITHIN_MS, undefined, { signal: giveUp }).catch(() => undefined);
    throw error;
  }
}

/**
 * @param giveUp aborted when this process is asked to end
 * @throws when a worker can't start; the others are gone then
 */
export async function startCluster(config: Config, log: Logger, giveUp: AbortSignal): Promise<Cluster> {
  const { stop: stopUpstream, ...upstream } = await chooseUpstream(config);
  const port = await findPort(config);
  // A key of GenAuth's is in the workers' own environment.
  const start = { port, upstream: upstream.demo === null ? null : upstream };
  const pool = new WorkerPool(config.workers, start, log, giveUp);
  const started = await open(pool, giveUp);
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
