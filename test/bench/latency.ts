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

/** Of what the gateway carries: a core that is neither idle nor full. */
const SHARE = 0.6;

async function startBoth(bench: Bench) {
  const start = async (name: RowName) => {
    const { args, question, title } = ROWS[name];
    const env = { ...bench.env, DATABASE_URL: await bench.createDatabase() };
    return { title, question, server: await startServer({ args: args ?? [], env }) };
  };
  return [await start('rest'), await start('gateway')] as const;
}

type Both = Awaited<ReturnType<typeof startBoth>>;

interface Rounds {
  p50: number[];
  p99: number[];
  perSecond: number[];
}

/**
 * In turn, round after round.
 * @param perSecond of all connections together; null: as many as they carry
 */
async function measureBoth(bench: Bench, both: Both, isQuick: boolean, perSecond: number | null) {
  const length = isQuick ? 'quick' : 'full';
  const rounds = both.map((): Rounds => ({ p50: [], p99: [], perSecond: [] }));
  for (let round = 0; round <= ROUNDS[length]; round++) {
    for (const [index, { question, server }] of both.entries()) {
      const isWarmUp = round === 0;
      const measureMs = isWarmUp ? FIRST_WARM_UP_MS[length] : MEASURE_MS[length];
      const warmUpMs = isWarmUp ? 0 : WARM_UP_MS[length];
      const load = { url: server.url, connections: CONNECTIONS, perSecond, warmUpMs, measureMs };
      const result = await bench.measure(question, load);
      if (isWarmUp) continue;
      rounds[index]!.p50.push(result.p50);
      rounds[index]!.p99.push(result.p99);
      rounds[index]!.perSecond.push(result.perSecond);
    }
  }
  const [rest, gateway] = rounds as [Rounds, Rounds];
  return { rest, gateway };
}

function print(title: string, [rest, gateway]: Both, measured: { rest: Rounds; gateway: Rounds }): void {
  const row = (name: string, { p50, p99, perSecond }: Rounds) => [
    name,
    show(median(perSecond), 0),
    show(median(p50)),
    show(median(p99)),
  ];
  const rows = [row(rest.title, measured.rest), row(gateway.title, measured.gateway)];
  console.log(`\n${title}\n\n${table(['server', 'requests/s', 'p50 ms', 'p99 ms'], rows)}`);
}

/** Of each round's own, as in the table of throughput. */
const addedMs = ({ rest, gateway }: { rest: Rounds; gateway: Rounds }): number =>
  median(gateway.p99.map((p99, round) => p99 - (rest.p99[round] ?? Number.NaN)));

export async function measureLatency(bench: Bench, isQuick: boolean): Promise<Goal[]> {
  const both = await startBoth(bench);
  await bench.delayUpstream(UPSTREAM_MS);
  try {
    const title = `an upstream that takes ${UPSTREAM_MS} ms, ${CONNECTIONS} connections`;
    const full = await measureBoth(bench, both, isQuick, null);
    print(`${title}, as many requests as they carry`, both, full);
    const pace = Math.round(SHARE * median(full.gateway.perSecond));
    const paced = await measureBoth(bench, both, isQuick, pace);
    print(`${title}, ${pace} requests a second: ${SHARE * 100} % of what the gateway carried`, both, paced);
    return [
      below('p99 over that of the bare REST handler, ms', addedMs(full), MOST_ADDED_MS, ' ms'),
      below(`the same at ${SHARE * 100} % of what the gateway carries, ms`, addedMs(paced), MOST_ADDED_MS, ' ms'),
    ];
  } finally {
    await bench.delayUpstream(0);
    await Promise.all(both.map(({ server }) => server.stop()));
  }
}
