/** The composition root: the only place that makes services and joins the storeys. Nothing listens on import. */
import 'reflect-metadata';
import { setTimeout as delay } from 'node:timers/promises';
import { AuditEventsResolver } from './audit/audit-events.resolver';
import { AuditEventsService } from './audit/audit-events.service';
import { createDoor } from './auth/require-principal';
import { ViewerResolver } from './auth/viewer.resolver';
import { chooseCallers } from './callers';
import type { Config } from './config';
import { demoOperation, SAMPLE_TARGET, toCurl } from './demo';
import { GRAPHQL_PATH, serveGraphql } from './graphql-edge';
import { drain } from './http/drain';
import {
  countResponses,
  METRICS_PATH,
  serveMetrics,
  startMetricsServer,
  type MetricsServer,
  type MetricsSource,
} from './http/metrics-endpoint';
import { serveHealth } from './http/readiness';
import { SANDBOX_ORIGINS, sandboxHeaders, serveSandbox } from './http/sandbox';
import { createHttpServer, listen } from './http/server';
import { startJobEngine } from './job-engine';
import type { ChunkFormat } from './jobs/chunk';
import { KickJobFieldsResolver } from './jobs/kick-job-fields.resolver';
import { KickJobProgressResolver } from './jobs/kick-job-progress.resolver';
import { KickJobResolver } from './jobs/kick-job.resolver';
import { KickUsersResolver } from './kick/kick-users.resolver';
import { KickUsersService } from './kick/kick-users.service';
import { CallerLimit } from './limits/caller-limit';
import { ReadingTurns } from './limits/reading-turns';
import { LONGEST_TIMER_MS } from './longest-timer';
import { createFingerprint } from './observability/fingerprint';
import type { Logger } from './observability/logger';
import { Metrics } from './observability/metrics-registry';
import { NO_TRACING, type Tracing } from './observability/tracing';
import { Pace } from './pace/pace';
import { PRODUCT } from './product';
import { startRecord } from './record';
import { containerOf, createSchema } from './schema';
import type { Database } from './store/database';
import { openDatabase } from './store/open-database';
import { chooseUpstream, connectGenAuth, type Upstream } from './upstream';
import { readinessOf, watchBy } from './watch';

/** From GenAuth's deadline to an answer that has left, at the most; less than main.ts's CLOSING_MS. */
const ANSWERING_MS = 1000;

/** A running gateway. */
export interface App {
  /** `http://HOST:PORT`, with the port that was really taken. */
  url: string;
  /** With its path; null: whoever gave the metrics serves them. */
  metricsUrl: string | null;
  metrics: Pick<Metrics, 'text' | 'json'>;
  /** What stands behind it: a host of GenAuth's, or the emulator that was started for it. */
  upstream: { host: string; isEmulated: boolean };
  /** False while no issuer is configured: every caller is then the principal `developer`. */
  needsToken: boolean;
  /** A curl line that kicks a user, to paste into bash. */
  curl: string;
  /**
   * Not ready from now on, serving with `Connection: close` for `graceMs`; then requests under way are answered and
   * everything is closed. A second call waits for the first.
   */
  stop: (graceMs?: number) => Promise<void>;
}

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

/** Starts a gateway. Several can run in one process. @throws when the port is taken, or the database can't be used */
export async function createApp(config: Config, log: Logger, overrides: Overrides = {}): Promise<App> {
  const { tracing = NO_TRACING } = overrides;
  const database = overrides.database ?? (await openDatabase(config.store, log, overrides.giveUp));
  const upstream = await chooseUpstream(config, overrides.upstream);
  const { host, key } = upstream;
  const pace = await Pace.start(database, config.maxCallsPerSecond, log);
  const metrics = new Metrics(PRODUCT.version);
  const { client, keyHealth } = connectGenAuth({ ...config.genauth, host, key }, pace, metrics, log);
  const fingerprint = createFingerprint(key.secret);
  const { records, audit, retention } = startRecord(config.audit, { database, fingerprint, metrics, log });
  const limit = new CallerLimit(database, config.kicksPerMinute, log);
  const kickUsers = new KickUsersService(client, audit, limit, fingerprint, metrics);
  const parts = { database, client, keyHealth, pace, metrics, log };
  const { chunkFormat } = overrides;
  const turns = new ReadingTurns();
  const { timeoutMs } = config.genauth;
  const jobs = await startJobEngine({ ...parts, kickUsers, audit, tracing, turns, timeoutMs, chunkFormat });
  const schema = createSchema(
    containerOf([
      new KickUsersResolver(kickUsers),
      new KickJobResolver(jobs.service, jobs.reads),
      new KickJobFieldsResolver(jobs.reads),
      new KickJobProgressResolver(),
      new AuditEventsResolver(new AuditEventsService(database, records, turns)),
      new ViewerResolver(),
    ]),
  );

  const { isProduction, persisted } = config;
  const { authenticate, keys } = await chooseCallers(config, log);
  const needsToken = keys !== null;

  let isDraining = false;
  const serving = { loopbackOnly: !needsToken, isDraining: () => isDraining, log };
  const http = await createHttpServer({
    ...serving,
    corsOrigins: [...config.corsOrigins, ...(isProduction ? [] : SANDBOX_ORIGINS)],
  });
  countResponses(http, metrics);
  const door = createDoor(http, authenticate, log);
  const { reads, feed } = jobs;
  const edge = { schema, isProduction, persisted, door, progress: { reads, feed }, audit, metrics, tracing, log };
  const graphql = await serveGraphql(http, edge);
  const watched = { ...serving, ...parts, records, keys, isAuditRequired: config.audit.isRequired };
  serveHealth(http, () => readinessOf(watched));
  watchBy(metrics, watched);
  const { metricsPort } = config;
  if (metricsPort === null) serveMetrics(http, overrides.metrics ?? metrics);
  let metricsServer: MetricsServer | null = null;
  const demo = demoOperation(upstream.demo ?? SAMPLE_TARGET);
  let url = '';
  const curl = (): string => toCurl(url + GRAPHQL_PATH, demo, needsToken);
  if (!isProduction) {
    serveSandbox(http, { ...demo, headers: sandboxHeaders(needsToken) }, GRAPHQL_PATH, curl);
  }

  const close = async (graceMs: number): Promise<void> => {
    isDraining = true;
    await delay(Math.min(graceMs, LONGEST_TIMER_MS));
    // Requests under way are answered within their deadline, if the database is quick.
    const cutOffMs = Math.min(timeoutMs + ANSWERING_MS, LONGEST_TIMER_MS);
    jobs.endStreams();
    // Told at the end: what is left is to be stopped all the same.
    const handingOver = Promise.allSettled([jobs.stop()]);
    await drain(http, cutOffMs, graphql.settled);
    const [handedOver] = await handingOver;
    await metricsServer?.stop();
    // Whose callers have hung up: their outcomes are recorded all the same.
    await graphql.settled();
    await graphql.stop();
    keyHealth.stop();
    keys?.stop();
    await client.stop();
    await retention?.stop();
    // Before all that only gives something back: there may be little time.
    await records.stop();
    await pace.stop();
    await limit.stop();
    await upstream.stop();
    if (overrides.database === undefined) await database.stop();
    if (handedOver.status === 'rejected') throw handedOver.reason;
  };
  let stopping: Promise<void> | null = null;
  const stop = (graceMs = 0): Promise<void> => (stopping ??= close(graceMs));
  try {
    url = await listen(http, config);
    if (metricsPort !== null && overrides.metrics === undefined) {
      metricsServer = await startMetricsServer(metrics, { host: config.host, port: metricsPort }, serving);
    }
  } catch (error) {
    await stop();
    throw error;
  }
  if (!needsToken) log.warn('callers need no token: every caller is the principal "developer" with all scopes');
  const metricsUrl = metricsPort === null ? url + METRICS_PATH : (metricsServer?.url ?? null);
  const isEmulated = upstream.demo !== null;
  return { url, metricsUrl, metrics, upstream: { host, isEmulated }, needsToken, curl: curl(), stop };
}
