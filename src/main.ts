/** The process: reads the configuration, starts the gateway or its workers, stops on signals. */
// First: a signal may come while the rest is loaded.
import { askedToEnd, askedToEndAtOnce, ENDING_SIGNALS, whenAborted } from './signals';
// Then this: it wraps what the other imports load.
import { tracing } from './start-tracing';
import './memory';
import cluster from 'node:cluster';
import closeWithGrace from 'close-with-grace';
import { createApp } from './app';
import { renderBanner } from './banner';
import { startCluster } from './cluster/primary';
import { runWorker } from './cluster/worker';
import { readConfig, type Config } from './config';
import { codeOf } from './errors';
import { LONGEST_TIMER_MS } from './longest-timer';
import { createLogger, flushed, type Logger } from './observability/logger';
import { startFaultsOf } from './start-faults';

/** After the grace, requests under way have their own deadline; this much more is for closing everything. Milliseconds. */
const CLOSING_MS = 5000;

/**
 * What a broken process sends itself. Caught, it would not die of them but run into them again and again: once Node has
 * taken its handlers down, those of libuv stay and return to the instruction that failed.
 */
const FATAL = ['SIGILL', 'SIGTRAP', 'SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGSEGV'] as const;

/** Whatever serves: one gateway, or several as one. */
interface Running {
  stop: (graceMs: number) => Promise<void>;
  /** What a second signal ends beside this process. */
  kill?: () => void;
}

function refuseToStart(error: unknown): never {
  // Whatever it was that failed, or was given up, is wanted no more.
  if (askedToEnd.aborted) process.exit(0);
  for (const line of startFaultsOf(error)) process.stderr.write(`${line}\n`);
  process.exit(1);
}

const longestEndOf = ({ shutdownGraceMs, genauth }: Config, closingMs = CLOSING_MS): number =>
  Math.min(shutdownGraceMs + genauth.timeoutMs + closingMs, LONGEST_TIMER_MS);

/** @returns what stops it without a signal */
function stopOnSignals({ stop, kill }: Running, config: Config, log: Logger) {
  const { shutdownGraceMs } = config;
  // Workers have as long as a single gateway; who minds them waits a little longer.
  const longest = longestEndOf(config, kill === undefined ? CLOSING_MS : 2 * CLOSING_MS);
  process.once('exit', () => kill?.());
  // Signals are minded here: to the library a second one would be one however soon it comes.
  const skip = [...FATAL, ...ENDING_SIGNALS];
  // Asked while it started: no load balancer has heard of it. Of several workers, some may have served for a while.
  const isUnheardOf = askedToEnd.aborted && kill === undefined;
  let isClosing = false;
  const closing = closeWithGrace({ delay: longest, logger: log, skip }, async ({ err }) => {
    isClosing = true;
    if (err !== undefined) log.fatal({ err }, 'unexpected error, stopping');
    const signal: unknown = askedToEnd.reason;
    log.info({ signal }, 'stopping');
    // Ctrl-C comes from a person who waits; the grace is for load balancers that have to notice.
    await stop(signal === 'SIGTERM' && !isUnheardOf ? shutdownGraceMs : 0);
    await tracing.stop();
    log.info('stopped');
    await flushed(log);
  });
  const close = (): void => {
    if (!isClosing) void closing.close();
  };
  whenAborted(askedToEnd, close);
  return close;
}

function work(config: Config, log: Logger): Promise<void> {
  let close: () => void = () => process.exit(0);
  return runWorker(config, log, {
    tracing,
    giveUp: askedToEnd,
    started: (app) => {
      close = stopOnSignals(app, config, log);
      log.info({ url: app.url, upstream: app.upstream.host }, 'started');
    },
    refused: () => process.exit(askedToEnd.aborted ? 0 : 1),
    stop: (app, graceMs) => {
      // Whoever asks first says how long; Ctrl-C and some service managers send their signal to the workers, too.
      void app?.stop(graceMs);
      close();
    },
  });
}

async function main(): Promise<void> {
  const config = readConfig();
  const log = createLogger(config.logLevel, { isProduction: config.isProduction });
  // A start that is asked to end does so once it is through, which is no matter of more seconds than an end may take.
  const giveUp = (): never => {
    log.error('the end takes too long, ending at once');
    process.exit(1);
  };
  whenAborted(askedToEnd, () => setTimeout(giveUp, longestEndOf(config, 2 * CLOSING_MS)).unref());
  whenAborted(askedToEndAtOnce, () => {
    log.error({ signal: askedToEndAtOnce.reason as unknown }, 'second signal, ending at once');
    process.exit(1);
  });
  if (cluster.isWorker) return work(config, log);
  const isCluster = config.workers > 1 && config.store.url !== null;
  const gateway = await (isCluster
    ? startCluster(config, log, askedToEnd)
    : createApp(config, log, { tracing, giveUp: askedToEnd }));
  stopOnSignals(gateway, config, log);
  if (askedToEnd.aborted) return;
  const workers = { wanted: config.workers, running: isCluster ? config.workers : 1 };
  // A disk that is full, a reader that is gone: the log says all that the banner does.
  process.stdout.on('error', (error) => log.warn({ code: codeOf(error) }, 'standard output can not be written'));
  process.stdout.write(`${renderBanner(gateway, config.isProduction, workers)}\n`);
  if (workers.running < workers.wanted) log.warn(workers, 'the embedded database has room for one worker');
  log.info({ url: gateway.url, upstream: gateway.upstream.host, workers: workers.running }, 'started');
}

main().catch(refuseToStart);
