/** Jobs: how fast they are accepted and worked off, and whether long ones are as fast as short ones. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { eventually } from '../helpers/eventually';
import type { Bench } from './bench';
import { atLeast, below, type Goal } from './goals';
import { GATEWAY } from './rows';
import { startServer } from './server';
import { show, table } from './table';

const SIZES = { quick: [100, 1000], full: [100, 1000, 10_000] };
/** Many small jobs one after another, as one of them is over too soon to be timed. */
const TIMED_USERS = 1000;
const TIMEOUT_MS = 300_000;
const ENQUEUE_MS = 3000;
/** The longest job beside one of 1000: users a second may not fall below this. */
const UNBENT = 0.8;

const OPERATIONS = path.join(__dirname, '..', '..', 'schema', 'operations');
const START = readFileSync(path.join(OPERATIONS, 'start-kick-job.graphql'), 'utf8');
const READ = readFileSync(path.join(OPERATIONS, 'kick-job.graphql'), 'utf8');
const APP_ID = '62188e700000000000000001';

type Store = 'PostgreSQL' | 'embedded';

interface Timing {
  store: Store;
  size: number;
  /** Until it was accepted. */
  enqueueMs: number;
  usersPerSecond: number;
}

/** The answer's one field, whatever its type. */
async function ask(bench: Bench, url: string, query: string, variables: object): Promise<unknown> {
  const answer = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${bench.tokens[0]}` },
    body: JSON.stringify({ query, variables }),
  });
  const body = (await answer.json()) as { data?: Record<string, unknown>; errors?: unknown };
  const [value] = Object.values(body.data ?? {});
  if (value == null) throw new Error(`no data: ${JSON.stringify(body.errors)}`);
  return value;
}

interface Job {
  id: string;
  state: string;
  progress: { total: number; kicked: number };
}

async function runJob(bench: Bench, url: string, size: number, key: string) {
  const userIds = Array.from({ length: size }, (_, index) => `${key}-${index}`);
  const input = { userIds, appIds: [APP_ID], reason: 'LEAKED_CREDENTIAL', idempotencyKey: key };
  const before = await bench.countCalls();
  const startedAt = performance.now();
  const started = (await ask(bench, url, START, { input })) as { job?: { id: string } };
  const enqueueMs = performance.now() - startedAt;
  if (started.job === undefined) throw new Error(`not accepted: ${JSON.stringify(started)}`);
  const { id } = started.job;
  const read = async () => (await ask(bench, url, READ, { id, first: 1 })) as Job;
  const { progress } = await eventually(read, ({ state }) => state === 'COMPLETED', TIMEOUT_MS, size / 50);
  const tookMs = performance.now() - startedAt;
  const calls = (await bench.countCalls()) - before;
  if (progress.kicked !== size || calls !== size) {
    throw new Error(`${size} users, of whom ${progress.kicked} are called kicked, and ${calls} calls`);
  }
  return { enqueueMs, tookMs };
}

async function timeJobs(bench: Bench, store: Store, env: Record<string, string>, sizes: readonly number[]) {
  const server = await startServer({ args: [GATEWAY], env: { ...bench.env, ...env } });
  const timings: Timing[] = [];
  try {
    await runJob(bench, server.url, TIMED_USERS, `${store}-warm-up`);
    for (const size of sizes) {
      const repeats = Math.max(1, TIMED_USERS / size);
      let enqueueMs = 0;
      let tookMs = 0;
      for (let count = 0; count < repeats; count++) {
        const run = await runJob(bench, server.url, size, `${store}-${size}-${count}`);
        enqueueMs = Math.max(enqueueMs, run.enqueueMs);
        tookMs += run.tookMs;
      }
      timings.push({ store, size, enqueueMs, usersPerSecond: (size * repeats * 1000) / tookMs });
    }
    return timings;
  } finally {
    await server.stop();
  }
}

function judge(timings: readonly Timing[], store: Store): Goal[] {
  const of = (wanted: number) => timings.find((timing) => timing.store === store && timing.size === wanted);
  const [long, middle] = [of(10_000), of(1000)];
  if (long === undefined || middle === undefined) return [];
  const goals = [
    atLeast(`${store}: a job of 10 000, in the pace of 1000`, long.usersPerSecond / middle.usersPerSecond, UNBENT),
  ];
  return store === 'embedded'
    ? goals
    : [...goals, below(`${store}: accepting 10 000 users, ms`, long.enqueueMs, ENQUEUE_MS, ' ms')];
}

export async function measureJobs(bench: Bench, isQuick: boolean): Promise<Goal[]> {
  const sizes = SIZES[isQuick ? 'quick' : 'full'];
  const folder = mkdtempSync(path.join(tmpdir(), 'gateway-bench-'));
  try {
    const timings = [
      ...(await timeJobs(bench, 'PostgreSQL', { DATABASE_URL: await bench.createDatabase() }, sizes)),
      // Production asks for PostgreSQL; everything else is as it is there.
      ...(await timeJobs(bench, 'embedded', { NODE_ENV: 'development', DATA_DIR: folder }, sizes)),
    ];
    console.log('\njobs, with the cap lifted\n');
    const rows = timings.map(({ store, size, enqueueMs, usersPerSecond }) => [
      store,
      String(size),
      show(enqueueMs, 0),
      show(usersPerSecond, 0),
    ]);
    console.log(table(['store', 'users', 'accepted in ms', 'users/s'], rows));
    return [...judge(timings, 'PostgreSQL'), ...judge(timings, 'embedded')];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
