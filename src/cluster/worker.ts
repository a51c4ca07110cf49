/** One gateway among several: does what the primary process says. */
import { createApp, type App } from '../app';
import type { Config } from '../config';
import type { Overrides } from '../gateway-parts';
import type { Logger } from '../observability/logger';
import type { Tracing } from '../observability/tracing';
import { startFaultsOf } from '../start-faults';
import { Channel } from './channel';
import { START, STOP, Topic, type StartReport } from './messages';

/** What the process does for its gateway. */
export interface WorkerHooks {
  tracing: Tracing;
  /** See {@link Overrides.giveUp}. */
  giveUp: AbortSignal;
  /** It serves. */
  started: (app: App) => void;
  /** The gateway can't start, of which the primary has been told why, or is wanted no more. */
  refused: () => void;
  /** Stop the gateway and end the process. `app` is null while it has not started. */
  stop: (app: App | null, graceMs: number) => void;
}

/** Without a primary Node ends a worker at once: whatever minds the primary starts all of them anew. */
export async function runWorker(config: Config, log: Logger, hooks: WorkerHooks): Promise<void> {
  let app: App | null = null;
  // A primary that has just gone is told by Node's ending this process: without a callback it would be an error beside that.
  const channel = new Channel((message) => process.send?.(message, undefined, undefined, () => undefined), {
    [Topic.STOP]: (body) => hooks.stop(app, STOP.parse(body).graceMs),
    [Topic.METRICS]: () => app?.metrics.json() ?? [],
  });
  process.on('message', channel.receive);
  const tell = (report: StartReport): Promise<unknown> => channel.ask(Topic.STARTED, report);

  const { port, upstream } = START.parse(await channel.ask(Topic.START));
  const allMetrics = { text: async () => String(await channel.ask(Topic.ALL_METRICS)) };
  try {
    const { tracing, giveUp } = hooks;
    const overrides: Overrides = { tracing, giveUp, metrics: allMetrics, ...(upstream !== null && { upstream }) };
    app = await createApp({ ...config, port }, log, overrides);
  } catch (error) {
    // What is given up has no faults.
    if (!hooks.giveUp.aborted) await tell({ faults: startFaultsOf(error) });
    return hooks.refused();
  }
  hooks.started(app);
  const { url, needsToken, curl } = app;
  await tell({ url, upstream: app.upstream, needsToken, curl });
}
