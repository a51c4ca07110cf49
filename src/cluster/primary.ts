/** Several gateways on one port: this process starts and minds them, and serves no caller itself. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Config } from '../config';
import type { Logger } from '../observability/logger';
import { chooseUpstream } from '../upstream';
import type { Started } from './messages';
import { WorkerPool } from './worker-pool';

export interface Cluster extends Started {
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

/** @throws when a worker can't start; the others are gone then */
export async function startCluster(config: Config, log: Logger): Promise<Cluster> {
  const { stop: stopUpstream, ...upstream } = await chooseUpstream(config);
  const port = await findPort(config);
  // A key of GenAuth's is in the workers' own environment.
  const pool = new WorkerPool(config.workers, { port, upstream: upstream.demo === null ? null : upstream }, log);
  const started = await pool.open();
  return {
    ...started,
    stop: async (graceMs) => {
      await pool.stop(graceMs);
      await stopUpstream();
    },
    kill: () => pool.kill(),
  };
}
