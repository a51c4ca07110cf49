/** The processes that are measured: started as an operator starts them, from their own files, by plain Node. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import manifest from '../../package.json';
import { eventually } from '../helpers/eventually';
import { pinned, type Cores } from './cores';
import { cpuSeconds, residentMiB } from './processes';

/** What `npm start` gives a gateway on PostgreSQL; here, all that are compared with it have it too. */
const [YOUNG_OBJECTS = ''] = /--max-semi-space-size=\d+/.exec(manifest.scripts.start) ?? [];

const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 10_000;

export interface RunningServer {
  /** Origin. */
  url: string;
  /** MiB, workers included; NaN where the system doesn't tell. */
  residentMiB: () => number;
  /** Of processor time so far, workers included; NaN where the system doesn't tell. */
  cpuSeconds: () => number;
  stop: () => Promise<void>;
}

export interface ServerOptions {
  /** Node's arguments: a file, or options and a file. */
  args: readonly string[];
  env: Record<string, string>;
  cores?: Cores;
}

/**
 * `BENCH_NODE_OPTIONS` are put before its arguments, `--cpu-prof` for one; `BENCH_LOG=1` shows its log. Else its log is formatted and
 * written all the same, but to /dev/null: a disk would be measured otherwise.
 */
export async function startServer({ args, env, cores = 'one' }: ServerOptions): Promise<RunningServer> {
  const options = process.env['BENCH_NODE_OPTIONS']?.split(' ') ?? [];
  const [command = '', ...rest] = pinned(cores, [process.execPath, ...options, ...args]);
  const { PATH = '', HOME = '' } = process.env;
  const log = process.env['BENCH_LOG'] === undefined ? 'ignore' : 'inherit';
  const memory = env['DATABASE_URL'] === undefined ? '' : YOUNG_OBJECTS;
  const child = spawn(command, rest, {
    env: { PATH, HOME, NODE_OPTIONS: memory, ...env },
    stdio: ['ignore', 'pipe', log],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  const exit = once(child, 'close');
  const address = () => /http:\/\/127\.0\.0\.1:\d+/.exec(output)?.[0] ?? null;
  const isOver = () => child.exitCode !== null || child.signalCode !== null;
  await eventually(() => address() !== null || isOver(), Boolean, START_TIMEOUT_MS);
  const url = address();
  if (url === null) throw new Error(`${args.join(' ')} has ended without an address; BENCH_LOG=1 shows why.`);
  return {
    url,
    residentMiB: () => residentMiB(child.pid ?? 0),
    cpuSeconds: () => cpuSeconds(child.pid ?? 0),
    stop: async () => {
      if (!isOver()) child.kill('SIGINT');
      // Some peers never end by themselves.
      const force = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
      await exit;
      clearTimeout(force);
    },
  };
}
