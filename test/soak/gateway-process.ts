/** One gateway, as main.ts runs it, which tells how it is: forked by the soak, with the environment of production. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createApp } from '../../src/app';
import { readConfig } from '../../src/config';
import { createLogger } from '../../src/observability/logger';
import type { EventLoop, GatewayReady, Sample } from './messages';

const SAMPLE_EVERY_MS = 1000;
/** Of the histogram's own timer, whose interval is part of what it records. */
const RESOLUTION_MS = 10;

function takeSample(): Sample {
  const handles: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) handles[kind] = (handles[kind] ?? 0) + 1;
  return { kind: 'sample', residentBytes: process.memoryUsage.rss(), handles };
}

async function main(): Promise<void> {
  const config = readConfig();
  const app = await createApp(config, createLogger(config.logLevel));
  const ready: GatewayReady = { kind: 'ready', url: app.url };
  process.send?.(ready);
  // Starting blocks for longer than serving ever may.
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  const sampling = setInterval(() => process.send?.(takeSample()), SAMPLE_EVERY_MS);
  process.once('message', () => {
    clearInterval(sampling);
    delays.disable();
    const toMs = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS);
    const { max } = delays;
    const told: EventLoop = {
      kind: 'event-loop',
      p50: toMs(delays.percentile(50)),
      p99: toMs(delays.percentile(99)),
      max: toMs(max),
    };
    process.send?.(told);
    void app.stop().then(() => process.exit(0));
  });
}

void main();
