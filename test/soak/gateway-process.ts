/** One gateway, as main.ts runs it, which tells how it is: forked by the soak, with the environment of production. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createApp } from '../../src/app';
import { readConfig } from '../../src/config';
import { createLogger } from '../../src/observability/logger';
import type { GatewayReady, Handles, Sample } from './messages';

const SAMPLE_EVERY_MS = 1000;
/** Of the histograms' own timers, whose interval is part of what they record. */
const RESOLUTION_MS = 10;

function countHandles(): Handles {
  const handles: Handles = {};
  for (const kind of process.getActiveResourcesInfo()) handles[kind] = (handles[kind] ?? 0) + 1;
  return handles;
}

const toMs = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS);

async function main(): Promise<void> {
  const config = readConfig();
  const app = await createApp(config, createLogger(config.logLevel));
  const ready: GatewayReady = { url: app.url, metricsUrl: app.metricsUrl ?? '' };
  process.send?.(ready);
  // Starting blocks for longer than serving ever may: not among these.
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  const latest = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  latest.enable();
  setInterval(() => {
    const sample: Sample = {
      residentBytes: process.memoryUsage.rss(),
      handles: countHandles(),
      worstDelayMs: toMs(latest.max),
      p50DelayMs: toMs(delays.percentile(50)),
      p99DelayMs: toMs(delays.percentile(99)),
    };
    latest.reset();
    process.send?.(sample);
  }, SAMPLE_EVERY_MS).unref();
  process.once('message', () => void app.stop().then(() => process.exit(0)));
}

void main();
