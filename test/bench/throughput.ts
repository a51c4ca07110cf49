/** The side-by-side table: all servers up at once, each asked in turn, round after round. */
import type { Bench } from './bench';
import { atLeast, type Goal } from './goals';
import { otherBuilds } from './builds';
import { ROWS, type Row, type RowName } from './rows';
import { startServer, type RunningServer } from './server';
import { max, median, spread } from './statistics';
import { show, table } from './table';

const CONNECTIONS = 32;
/**
 * How long each server runs before anything is measured, for the compiler behind JavaScript, which shares the server's core:
 * on a slow machine six seconds left it a sixth of the gateway's time. Milliseconds.
 */
const FIRST_WARM_UP_MS = { quick: 1500, full: 20_000 };
const ROUNDS = { quick: 2, full: 4 };
const MEASURE_MS = { quick: 1500, full: 4000 };
/**
 * In each turn: while the others have theirs, a process and its database cool down. After two seconds that still cost the
 * gateway more than a tenth of its throughput. Milliseconds.
 */
const WARM_UP_MS = { quick: 500, full: 6000 };
/** For the connections, which are new. */
const CONNECT_MS = 300;
const SAMPLE_MS = 200;

interface Contestant {
  /** Null: another build. */
  name: RowName | null;
  row: Row;
  server: RunningServer | null;
  url: string;
  databaseUrl: string;
  kicks: number;
  perSecond: number[];
  p50: number[];
  p99: number[];
  /** Microseconds of processor time a request, which tells more than requests/s where others use the machine too. */
  cpuMicros: number[];
  /** The same of PostgreSQL, which has it on another core. */
  databaseMicros: number[];
  resident: number[];
}

async function enter(bench: Bench, name: RowName | null, row: Row): Promise<Contestant> {
  const databaseUrl = await bench.createDatabase();
  const env = { ...bench.env, DATABASE_URL: databaseUrl, ...row.env };
  const server = row.args === null ? null : await startServer({ args: row.args, env });
  const url = server?.url ?? bench.upstreamUrl;
  return {
    name,
    row,
    server,
    url,
    databaseUrl,
    kicks: 0,
    perSecond: [],
    p50: [],
    p99: [],
    cpuMicros: [],
    databaseMicros: [],
    resident: [],
  };
}

async function runOnce(bench: Bench, contestant: Contestant, warmUpMs: number, measureMs: number): Promise<void> {
  const { server, row, url } = contestant;
  const sampler = setInterval(() => contestant.resident.push(server?.residentMiB() ?? Number.NaN), SAMPLE_MS);
  const load = { url, connections: CONNECTIONS, warmUpMs: CONNECT_MS };
  try {
    const warmUp = await bench.measure(row.question, { ...load, measureMs: warmUpMs });
    const cpuBefore = server?.cpuSeconds() ?? Number.NaN;
    const databaseBefore = bench.databaseCpuSeconds();
    const result = await bench.measure(row.question, { ...load, measureMs });
    const databaseSeconds = bench.databaseCpuSeconds() - databaseBefore;
    contestant.kicks += warmUp.kicks + result.kicks;
    contestant.perSecond.push(result.perSecond);
    contestant.p50.push(result.p50);
    contestant.p99.push(result.p99);
    contestant.cpuMicros.push((((server?.cpuSeconds() ?? Number.NaN) - cpuBefore) / result.kicks) * 1e6);
    contestant.databaseMicros.push((databaseSeconds / result.kicks) * 1e6);
  } catch (error) {
    throw new Error(`${row.title}: ${String(error)}`, { cause: error });
  } finally {
    clearInterval(sampler);
  }
}

/** Of each round's own: what slows the machine slows both. */
const ratio = (one: Contestant, other: Contestant): number =>
  median(one.perSecond.map((perSecond, round) => perSecond / (other.perSecond[round] ?? Number.NaN)));

function print(contestants: readonly Contestant[]): string {
  const rest = contestants.find(({ name }) => name === 'rest');
  return table(
    ['server', 'requests/s', 'spread', 'p50 ms', 'p99 ms', 'CPU µs', 'database µs', 'MiB', 'to REST'],
    contestants.map((contestant) => [
      contestant.row.title,
      show(median(contestant.perSecond), 0),
      `±${show(spread(contestant.perSecond) * 100, 0)}%`,
      show(median(contestant.p50)),
      show(median(contestant.p99)),
      show(median(contestant.cpuMicros), 0),
      show(median(contestant.databaseMicros), 0),
      show(max(contestant.resident), 0),
      rest === undefined ? 'n/a' : show(ratio(contestant, rest), 2),
    ]),
  );
}

/** The goals that the rows at hand can tell of. */
function judge(contestants: readonly Contestant[]): Goal[] {
  const find = (wanted: RowName) => contestants.find(({ name }) => name === wanted);
  const gateway = find('gateway');
  if (gateway === undefined) return [];
  const against = (name: RowName, bound: number): Goal[] => {
    const other = find(name);
    if (other === undefined) return [];
    return [atLeast(`throughput, in that of: ${other.row.title}`, ratio(gateway, other), bound)];
  };
  return [...against('rest', 0.45), ...against('apollo-sdk', 3), ...against('mesh', 2), ...against('mercurius', 1)];
}

export async function measureThroughput(bench: Bench, names: readonly RowName[], isQuick: boolean): Promise<Goal[]> {
  const length = isQuick ? 'quick' : 'full';
  const contestants: Contestant[] = [];
  for (const name of names) contestants.push(await enter(bench, name, ROWS[name]));
  for (const row of otherBuilds()) contestants.push(await enter(bench, null, row));
  try {
    for (const contestant of contestants)
      await runOnce(bench, contestant, FIRST_WARM_UP_MS[length], MEASURE_MS[length]);
    for (const contestant of contestants) {
      const { perSecond, p50, p99, cpuMicros, databaseMicros } = contestant;
      for (const numbers of [perSecond, p50, p99, cpuMicros, databaseMicros]) numbers.length = 0;
    }
    for (let round = 0; round < ROUNDS[length]; round++) {
      for (const contestant of contestants) await runOnce(bench, contestant, WARM_UP_MS[length], MEASURE_MS[length]);
    }
    for (const { row, databaseUrl, kicks } of contestants) {
      if (row.hasRecord === true) await bench.checkRecords(databaseUrl, kicks);
    }
  } finally {
    await Promise.all(contestants.map(async ({ server }) => server?.stop()));
  }
  console.log(`\n${CONNECTIONS} connections, ${ROUNDS[length]} rounds, one core each; medians of the rounds\n`);
  console.log(print(contestants));
  return judge(contestants);
}
