/** The process: reads the configuration, starts the gateway, stops it on signals. */
// First: it wraps what the other imports load.
import { tracing } from './start-tracing';
import closeWithGrace from 'close-with-grace';
import { createApp, type App } from './app';
import { renderBanner } from './banner';
import { ConfigError, readConfig, type Config } from './config';
import { createLogger, type Logger } from './observability/logger';

/** After the grace, requests under way have their own deadline; this much more is for closing everything. Milliseconds. */
const CLOSING_MS = 5000;
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** One line for each thing that keeps the gateway from starting. */
function explain(error: unknown): string[] {
  if (error instanceof ConfigError) return error.faults;
  if (!(error instanceof Error)) return [String(error)];
  if (!('code' in error)) return [error.message];
  if (error.code === 'EADDRINUSE')
    return ['HOST and PORT are taken by another process; set another PORT, or 0 for a free one'];
  if (error.code === 'EACCES') return ['PORT may not be used by this user; set one above 1023'];
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND') return ['HOST is no address of this machine'];
  return [error.message];
}

function refuseToStart(error: unknown): never {
  for (const line of explain(error)) process.stderr.write(`${line}\n`);
  process.exit(1);
}

function stopOnSignals(app: App, config: Config, log: Logger): void {
  const { shutdownGraceMs, genauth } = config;
  const longest = Math.min(shutdownGraceMs + genauth.timeoutMs + CLOSING_MS, LONGEST_TIMER_MS);
  closeWithGrace({ delay: longest, logger: log }, async ({ signal, err }) => {
    if (err !== undefined) log.fatal({ err }, 'unexpected error, stopping');
    log.info({ signal }, 'stopping');
    // Ctrl-C comes from a person who waits; the grace is for load balancers that have to notice.
    await app.stop(signal === 'SIGTERM' ? shutdownGraceMs : 0);
    await tracing.stop();
    log.info('stopped');
  });
}

async function main(): Promise<void> {
  const config = readConfig();
  const log = createLogger(config.logLevel, { isProduction: config.isProduction });
  const app = await createApp(config, log, { tracing });
  stopOnSignals(app, config, log);
  process.stdout.write(`${renderBanner(app, config.isProduction)}\n`);
  log.info({ url: app.url, upstream: app.upstream.host }, 'started');
}

main().catch(refuseToStart);
