/** How long from starting the process to its first answered kick, and how much memory it holds. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../helpers/eventually';
import { freePort } from '../helpers/free-port';
import type { Bench } from './bench';
import { below, type Goal } from './goals';
import { GATEWAY, KICK } from './rows';
import { startServer, type RunningServer } from './server';
import { max, median } from './statistics';
import { show, table } from './table';

const STARTS = { quick: 2, full: 7 };
/** After the first answer, before memory at rest is looked at. Milliseconds. */
const REST_MS = { quick: 1000, full: 5000 };
const LOAD_MS = { quick: 2000, full: 15_000 };
const CONNECTIONS = 32;

interface Start {
  server: RunningServer;
  /** Milliseconds until the first kick was answered. */
  tookMs: number;
}

/** All cores: what a start compiles and collects on the side belongs to it. */
async function startAndKick(bench: Bench, env: Record<string, string>): Promise<Start> {
  const port = await freePort();
  const startedAt = performance.now();
  const starting = startServer({ args: [GATEWAY], env: { ...bench.env, PORT: String(port), ...env }, cores: 'all' });
  const [before, after] = KICK.body;
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${bench.tokens[0]}` };
  const kick = async (): Promise<boolean> => {
    const init = { method: 'POST', headers, body: `${before}first${after}` };
    const answer = await fetch(`http://127.0.0.1:${port}${KICK.path}`, init).catch(() => null);
    return (await answer?.text())?.includes(KICK.marker) === true;
  };
  starting.catch(() => undefined);
  await eventually(kick, Boolean, 60_000);
  const tookMs = performance.now() - startedAt;
  return { server: await starting, tookMs };
}

interface Found {
  startMs: number;
  idleMiB: number;
  loadedMiB: number;
}

async function loadAndLook(bench: Bench, { server, tookMs }: Start, isQuick: boolean): Promise<Found> {
  const length = isQuick ? 'quick' : 'full';
  await delay(REST_MS[length]);
  const idleMiB = server.residentMiB();
  const seen: number[] = [idleMiB];
  const sampler = setInterval(() => seen.push(server.residentMiB()), 100);
  const load = { url: server.url, connections: CONNECTIONS, warmUpMs: 0, measureMs: LOAD_MS[length] };
  await bench.measure(KICK, load).finally(() => clearInterval(sampler));
  return { startMs: tookMs, idleMiB, loadedMiB: max(seen) };
}

async function onPostgres(bench: Bench, isQuick: boolean): Promise<Found> {
  const env = { DATABASE_URL: await bench.createDatabase() };
  const took: number[] = [];
  // The first one makes the tables, which happens once in a database's life.
  await (await startAndKick(bench, env)).server.stop();
  for (let count = 1; count < STARTS[isQuick ? 'quick' : 'full']; count++) {
    const { server, tookMs } = await startAndKick(bench, env);
    took.push(tookMs);
    await server.stop();
  }
  const last = await startAndKick(bench, env);
  const found = await loadAndLook(bench, last, isQuick).finally(() => last.server.stop());
  return { ...found, startMs: median([...took, last.tookMs]) };
}

async function onEmbedded(bench: Bench, isQuick: boolean): Promise<{ first: Found; later: Found }> {
  const folder = mkdtempSync(path.join(tmpdir(), 'gateway-bench-'));
  // Production asks for PostgreSQL; everything else is as it is there.
  const env = { NODE_ENV: 'development', DATA_DIR: folder };
  const once = async () => {
    const start = await startAndKick(bench, env);
    return loadAndLook(bench, start, isQuick).finally(() => start.server.stop());
  };
  try {
    return { first: await once(), later: await once() };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export async function measureStarts(bench: Bench, isQuick: boolean): Promise<Goal[]> {
  const postgres = await onPostgres(bench, isQuick);
  const embedded = await onEmbedded(bench, isQuick);
  const row = (name: string, { startMs, idleMiB, loadedMiB }: Found) => [
    name,
    ...[startMs, idleMiB, loadedMiB].map((value) => show(value, 0)),
  ];
  console.log('\nfrom nothing to the first answered kick, and memory\n');
  console.log(
    table(
      ['store', 'start ms', 'idle MiB', 'under load MiB'],
      [
        row('PostgreSQL', postgres),
        row('embedded, the very first start', embedded.first),
        row('embedded, reopened', embedded.later),
      ],
    ),
  );
  return [
    below('PostgreSQL: start to first answer, ms', postgres.startMs, 700, ' ms'),
    below('PostgreSQL: resident at rest, MiB', postgres.idleMiB, 160, ' MiB'),
    below('PostgreSQL: resident under load, MiB', postgres.loadedMiB, 240, ' MiB'),
    below('embedded: very first start, ms', embedded.first.startMs, 6000, ' ms'),
    below('embedded: start reopened, ms', embedded.later.startMs, 2000, ' ms'),
    below('embedded: resident after the very first start, MiB', embedded.first.loadedMiB, 900, ' MiB'),
    below('embedded: resident reopened, MiB', embedded.later.loadedMiB, 500, ' MiB'),
  ];
}
