/** The composition root, lower half: the parts that do the work, below HTTP and GraphQL, made and joined. */
import { chooseCallers } from './callers';
import type { Config } from './config';
import type { Ends } from './ends';
import type { MetricsSource } from './http/metrics-endpoint';
import { startJobEngine } from './job-engine';
import type { ChunkFormat } from './jobs/chunk';
import { KickUsersService } from './kick/kick-users.service';
import { CallerLimit } from './limits/caller-limit';
import { ReadingTurns } from './limits/reading-turns';
import { createFingerprint } from './observability/fingerprint';
import type { Logger } from './observability/logger';
import { Metrics } from './observability/metrics-registry';
import { NO_TRACING, type Tracing } from './observability/tracing';
import { Pace } from './pace/pace';
import { PRODUCT } from './product';
import { startRecord } from './record';
import type { Database } from './store/database';
import { openDatabase } from './store/open-database';
import { chooseUpstream, connectGenAuth, type Upstream } from './upstream';

/** What a gateway may be given instead of making its own. */
export interface Overrides {
  /** Open and migrated; whoever gives it closes it. */
  database?: Database;
  /** One that is shared; whoever gives it ends it. */
  upstream?: Upstream;
  /** The format in which jobs are queued, to stand in for an older release. */
  chunkFormat?: ChunkFormat;
  /** Those of all workers, in the place of this one's own; whoever gives them serves them on METRICS_PORT. */
  metrics?: MetricsSource;
  /** None if left out. */
  tracing?: Tracing;
  /** Aborted when the gateway isn't wanted any more; while it waits for its database, it gives up then. */
  giveUp?: AbortSignal;
}

async function takeDatabase({ store }: Config, log: Logger, overrides: Overrides, ends: Ends): Promise<Database> {
  if (overrides.database !== undefined) return overrides.database;
  const database = await openDatabase(store, log, overrides.giveUp);
  ends.add(() => database.stop());
  return database;
}

/** @param ends in their order: what has something to write goes before what only gives something back, as there may be little time */
export async function startParts(config: Config, log: Logger, overrides: Overrides, ends: Ends) {
  const { tracing = NO_TRACING, chunkFormat } = overrides;
  const database = await takeDatabase(config, log, overrides, ends);
  const upstream = await chooseUpstream(config, overrides.upstream);
  ends.add(() => upstream.stop());
  const limit = new CallerLimit(database, config.kicksPerMinute, log);
  ends.add(() => limit.stop());
  const pace = await Pace.start(database, config.maxCallsPerSecond, log);
  ends.add(() => pace.stop());
  const metrics = new Metrics(PRODUCT.version);
  const { host, key } = upstream;
  const fingerprint = createFingerprint(key.secret);
  const { records, audit, retention } = startRecord(config.audit, { database, fingerprint, metrics, log });
  ends.add(() => records.stop());
  ends.add(() => retention?.stop());
  const { client, keyHealth } = connectGenAuth({ ...config.genauth, host, key }, pace, metrics, log);
  ends.add(() => client.stop());
  const { authenticate, keys } = await chooseCallers(config, log);
  ends.add(() => keys?.stop());
  ends.add(() => keyHealth.stop());
  const kickUsers = new KickUsersService(client, audit, limit, fingerprint, metrics);
  const turns = new ReadingTurns();
  const parts = { database, client, keyHealth, pace, metrics, log };
  const { timeoutMs } = config.genauth;
  const jobs = await startJobEngine({ ...parts, kickUsers, audit, tracing, turns, timeoutMs, chunkFormat });
  ends.add(() => jobs.stop());
  return { ...parts, upstream, authenticate, keys, records, audit, kickUsers, turns, jobs, tracing };
}

export type Parts = Awaited<ReturnType<typeof startParts>>;
