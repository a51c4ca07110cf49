/** `npm run bench`: the gateway beside others, and its own promises. Exits with 1 when one of those doesn't hold. */
import { Bench } from './bench';
import { isPinned, leaveFirstCore } from './cores';
import type { Goal } from './goals';
import { readOptions, type BenchOptions } from './options';
import { measureJobs } from './jobs';
import { measureLatency } from './latency';
import type { Measurement } from './measurements';
import { installPeers } from './peers';
import { measureStarts } from './starts';
import { show, table } from './table';
import { measureThroughput } from './throughput';
import { measureWorkers } from './workers';

const MEASURE: Record<Measurement, (bench: Bench, isQuick: boolean) => Promise<Goal[]>> = {
  latency: measureLatency,
  starts: measureStarts,
  workers: measureWorkers,
  jobs: measureJobs,
};

async function measure(bench: Bench, { isQuick, rows, measurements }: BenchOptions): Promise<Goal[]> {
  const goals: Goal[] = [];
  if (rows.length > 0) goals.push(...(await measureThroughput(bench, rows, isQuick)));
  for (const name of measurements) {
    await bench.clear();
    goals.push(...(await MEASURE[name](bench, isQuick)));
  }
  return goals;
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  installPeers();
  leaveFirstCore();
  if (!isPinned) console.log('No taskset, or one core only: nothing has a core for itself.');
  const bench = await Bench.start();
  try {
    const goals = await measure(bench, options);
    const rows = goals.map(({ name, value, bound, isMet }) => [name, show(value), bound, isMet ? 'met' : 'MISSED']);
    if (rows.length > 0) console.log(`\n${table(['goal', 'measured', 'promised', ''], rows)}`);
    if (goals.some(({ isMet }) => !isMet)) process.exitCode = 1;
  } finally {
    await bench.stop();
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
