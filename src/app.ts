/** The composition root, upper half: what serves, on top of the parts that work. Nothing listens on import. */
import 'reflect-metadata';
import { setTimeout as delay } from 'node:timers/promises';
import { AuditEventsResolver } from './audit/audit-events.resolver';
import { AuditEventsService } from './audit/audit-events.service';
import { createDoor } from './auth/require-principal';
import { ViewerResolver } from './auth/viewer.resolver';
import type { Config } from './config';
import { demoOperation, SAMPLE_TARGET, toCurl } from './demo';
import { Ends } from './ends';
import { startParts, type Overrides, type Parts } from './gateway-parts';
import { GRAPHQL_PATH, serveGraphql } from './graphql-edge';
import { drain } from './http/drain';
import {
  countResponses,
  METRICS_PATH,
  serveMetrics,
  startMetricsServer,
  type MetricsSource,
} from './http/metrics-endpoint';
import { serveHealth } from './http/readiness';
import { SANDBOX_ORIGINS, sandboxHeaders, serveSandbox } from './http/sandbox';
import { createHttpServer, listen } from './http/server';
import { KickJobFieldsResolver } from './jobs/kick-job-fields.resolver';
import { KickJobProgressResolver } from './jobs/kick-job-progress.resolver';
import { KickJobResolver } from './jobs/kick-job.resolver';
import { KickUsersResolver } from './kick/kick-users.resolver';
import { LONGEST_TIMER_MS } from './longest-timer';
import type { Logger } from './observability/logger';
import type { Metrics } from './observability/metrics-registry';
import { containerOf, createSchema } from './schema';
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

/** Starts a gateway. Several can run in one process. @throws when the port is taken, or the database can't be used */
export async function createApp(config: Config, log: Logger, overrides: Overrides = {}): Promise<App> {
  const ends = new Ends();
  return ends.guard(async () => serve(await startParts(config, log, overrides, ends), config, overrides.metrics, ends));
}

function schemaOf({ kickUsers, jobs, database, records, turns }: Parts) {
  return createSchema(
    containerOf([
      new KickUsersResolver(kickUsers),
      new KickJobResolver(jobs.service, jobs.reads),
      new KickJobFieldsResolver(jobs.reads),
      new KickJobProgressResolver(),
      new AuditEventsResolver(new AuditEventsService(database, records, turns)),
      new ViewerResolver(),
    ]),
  );
}

/** @param shared the metrics of all workers, which somebody else serves on METRICS_PORT; undefined: there are none */
async function serve(parts: Parts, config: Config, shared: MetricsSource | undefined, ends: Ends): Promise<App> {
  const { jobs, metrics, upstream, keys, log } = parts;
  const { isProduction, persisted, metricsPort } = config;
  const needsToken = keys !== null;
  const schema = schemaOf(parts);

  let isDraining = false;
  const serving = { loopbackOnly: !needsToken, isDraining: () => isDraining, log };
  const http = await createHttpServer({
    ...serving,
    corsOrigins: [...config.corsOrigins, ...(isProduction ? [] : SANDBOX_ORIGINS)],
  });
  ends.add(() => http.close());
  countResponses(http, metrics);
  const door = createDoor(http, parts.authenticate, log);
  const { reads, feed } = jobs;
  const graphql = await serveGraphql(http, {
    ...parts,
    schema,
    isProduction,
    persisted,
    door,
    progress: { reads, feed },
  });
  ends.add(() => graphql.stop());
  // Of those whose callers have hung up, too: their outcomes are recorded all the same.
  ends.add(() => graphql.settled());
  const watched = { ...serving, ...parts, isAuditRequired: config.audit.isRequired };
  serveHealth(http, () => readinessOf(watched));
  watchBy(metrics, watched);
  if (metricsPort === null) serveMetrics(http, shared ?? metrics);
  const demo = demoOperation(upstream.demo ?? SAMPLE_TARGET);
  let url = '';
  const curl = (): string => toCurl(url + GRAPHQL_PATH, demo, needsToken);
  if (!isProduction) {
    serveSandbox(http, { ...demo, headers: sandboxHeaders(needsToken) }, GRAPHQL_PATH, curl);
  }

  url = await listen(http, config);
  let metricsUrl = metricsPort === null ? url + METRICS_PATH : null;
  if (metricsPort !== null && shared === undefined) {
    const metricsServer = await startMetricsServer(metrics, { host: config.host, port: metricsPort }, serving);
    ends.add(() => metricsServer.stop());
    metricsUrl = metricsServer.url;
  }
  if (!needsToken) log.warn('callers need no token: every caller is the principal "developer" with all scopes');

  const close = async (graceMs: number): Promise<void> => {
    isDraining = true;
    await delay(Math.min(graceMs, LONGEST_TIMER_MS));
    // Requests under way are answered within their deadline, if the database is quick.
    const cutOffMs = Math.min(config.genauth.timeoutMs + ANSWERING_MS, LONGEST_TIMER_MS);
    jobs.endStreams();
    // Begun here, waited for at its place among the ends; a fault of it is told there.
    jobs.stop().catch(() => undefined);
    await drain(http, cutOffMs, graphql.settled).finally(() => ends.run());
  };
  let stopping: Promise<void> | null = null;
  const stop = (graceMs = 0): Promise<void> => (stopping ??= close(graceMs));
  const { host, demo: emulated } = upstream;
  return {
    url,
    metricsUrl,
    metrics,
    upstream: { host, isEmulated: emulated !== null },
    needsToken,
    curl: curl(),
    stop,
  };
}
