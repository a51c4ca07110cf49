/** Two processes on one port beside one. Only a machine with cores to spare for the load can tell. */
import { VARIABLE_NAMES } from '../../src/config';
import type { Bench } from './bench';
import { CORES, hasCoresForTwo } from './cores';
import { atLeast, type Goal } from './goals';
import { GATEWAY, KICK } from './rows';
import { startServer } from './server';
import { median } from './statistics';
import { show, table } from './table';

const CONNECTIONS = 64;
const ROUNDS = { quick: 2, full: 5 };
const MEASURE_MS = { quick: 1500, full: 4000 };
const WARM_UP_MS = { quick: 1500, full: 20_000 };
const SPEED_UP = 1.7;

export async function measureWorkers(bench: Bench, isQuick: boolean): Promise<Goal[]> {
  if (!VARIABLE_NAMES.includes('WORKERS')) {
    console.log('\nSKIPPED: workers. This gateway does not know the variable WORKERS.');
    return [];
  }
  const length = isQuick ? 'quick' : 'full';
  const start = async (count: 1 | 2) => {
    const env = { ...bench.env, DATABASE_URL: await bench.createDatabase(), WORKERS: String(count) };
    const server = await startServer({ args: [GATEWAY], env, cores: count === 1 ? 'one' : 'two' });
    return { server, perSecond: [] as number[] };
  };
  const one = await start(1);
  const two = await start(2);
  try {
    for (const { server } of [one, two]) {
      await bench.measure(KICK, {
        url: server.url,
        connections: CONNECTIONS,
        warmUpMs: 0,
        measureMs: WARM_UP_MS[length],
      });
    }
    for (let round = 0; round < ROUNDS[length]; round++) {
      for (const { server, perSecond } of [one, two]) {
        const load = { url: server.url, connections: CONNECTIONS, warmUpMs: 500, measureMs: MEASURE_MS[length] };
        perSecond.push((await bench.measure(KICK, load)).perSecond);
      }
    }
  } finally {
    await Promise.all([one.server.stop(), two.server.stop()]);
  }
  const speedUp = median(two.perSecond.map((perSecond, round) => perSecond / (one.perSecond[round] ?? Number.NaN)));
  console.log(`\nworkers, ${CONNECTIONS} connections\n`);
  console.log(
    table(
      ['workers', 'cores', 'requests/s'],
      [
        ['1', CORES.one, show(median(one.perSecond), 0)],
        ['2', CORES.two, show(median(two.perSecond), 0)],
      ],
    ),
  );
  if (hasCoresForTwo) return [atLeast('two workers, in the throughput of one', speedUp, SPEED_UP)];
  console.log(
    `\nSKIPPED: the goal of ${SPEED_UP} for two workers (measured: ${show(speedUp)}). With fewer than four cores, the second ` +
      'worker shares its core with the load generator, the upstream and the database.',
  );
  return [];
}
