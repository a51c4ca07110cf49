/** What the gateway adds to a call that takes its time, with many callers at once. */
import type { Bench } from './bench';
import { below, type Goal } from './goals';
import { ROWS, type RowName } from './rows';
import { startServer } from './server';
import { median } from './statistics';
import { show, table } from './table';

const CONNECTIONS = 200;
const UPSTREAM_MS = 50;
const MOST_ADDED_MS = 10;
const ROUNDS = { quick: 2, full: 5 };
const MEASURE_MS = { quick: 1500, full: 5000 };
const FIRST_WARM_UP_MS = { quick: 1500, full: 20_000 };
/** In each turn, as in the side-by-side table: while the other has its turn, a process cools down. Milliseconds. */
const WARM_UP_MS = { quick: 500, full: 6000 };

async function startBoth(bench: Bench) {
  const start = async (name: RowName) => {
    const { args, question, title } = ROWS[name];
    const env = { ...bench.env, DATABASE_URL: await bench.createDatabase() };
    const server = await startServer({ args: args ?? [], env });
    return { title, question, server, p50: [] as number[], p99: [] as number[], perSecond: [] as number[] };
  };
  return { rest: await start('rest'), gateway: await start('gateway') };
}

export async function measureLatency(bench: Bench, isQuick: boolean): Promise<Goal[]> {
  const length = isQuick ? 'quick' : 'full';
  const { rest, gateway } = await startBoth(bench);
  await bench.delayUpstream(UPSTREAM_MS);
  try {
    for (let round = 0; round <= ROUNDS[length]; round++) {
      for (const { question, server, p50, p99, perSecond } of [rest, gateway]) {
        const isWarmUp = round === 0;
        const measureMs = isWarmUp ? FIRST_WARM_UP_MS[length] : MEASURE_MS[length];
        const load = {
          url: server.url,
          connections: CONNECTIONS,
          warmUpMs: isWarmUp ? 0 : WARM_UP_MS[length],
          measureMs,
        };
        const result = await bench.measure(question, load);
        if (isWarmUp) continue;
        p50.push(result.p50);
        p99.push(result.p99);
        perSecond.push(result.perSecond);
      }
    }
  } finally {
    await bench.delayUpstream(0);
    await Promise.all([rest.server.stop(), gateway.server.stop()]);
  }
  console.log(`\nan upstream that takes ${UPSTREAM_MS} ms, ${CONNECTIONS} connections\n`);
  const rows = [rest, gateway].map(({ title, p50, p99, perSecond }) => [
    title,
    show(median(perSecond), 0),
    show(median(p50)),
    show(median(p99)),
  ]);
  console.log(table(['server', 'requests/s', 'p50 ms', 'p99 ms'], rows));
  // Of each round's own, as in the table of throughput.
  const added = median(gateway.p99.map((p99, round) => p99 - (rest.p99[round] ?? Number.NaN)));
  return [below('p99 over that of the bare REST handler, ms', added, MOST_ADDED_MS, ' ms')];
}
