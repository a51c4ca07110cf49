/** Real processes, each in a process group of its own that ends with the test file that started it. */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { eventually } from './eventually';

export const ROOT = path.join(__dirname, '..', '..');

/** An embedded store on a busy machine takes its time. Milliseconds. */
const START_TIMEOUT_MS = 60_000;

export interface ChildOptions {
  /** All there is beside PATH and HOME: nothing of the test's own environment is handed down. */
  env?: Record<string, string>;
  /** The project's root if left out. */
  cwd?: string;
}

export interface Child {
  pid: number;
  /** What it has written so far. */
  readonly output: { stdout: string; stderr: string };
  /** Its exit code, or the signal that ended it. Output is complete by then. */
  readonly exit: Promise<number | NodeJS.Signals | null>;
  /** Waits until standard output matches. @throws with all output when the process ends first */
  stdoutMatching: (pattern: RegExp) => Promise<RegExpExecArray>;
  /** To the process alone, not to its group. */
  signal: (signal: NodeJS.Signals) => void;
  /** To it and its children, as a terminal's Ctrl-C. */
  signalGroup: (signal: NodeJS.Signals) => void;
}

const running: { pid: number; exit: Promise<unknown> }[] = [];
afterAll(async () => {
  const ended = running.splice(0).map(({ pid, exit }) => {
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // The whole group has gone already.
    }
    return exit;
  });
  await Promise.all(ended);
});

export function startProcess(
  command: string,
  args: readonly string[],
  { env = {}, cwd = ROOT }: ChildOptions = {},
): Child {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(command, args, {
    cwd,
    env: { PATH, HOME, ...env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${command} cannot be started`);
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  let isOver = false;
  const exit = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.once('close', (code, signal) => {
      isOver = true;
      resolve(code ?? signal);
    });
  });
  running.push({ pid, exit });
  return {
    pid,
    output,
    exit,
    stdoutMatching: async (pattern) => {
      await eventually(
        () => output,
        ({ stdout }) => isOver || pattern.test(stdout),
        START_TIMEOUT_MS,
      );
      const match = pattern.exec(output.stdout);
      if (match === null) throw new Error(`It ended without printing ${String(pattern)}: ${JSON.stringify(output)}`);
      return match;
    },
    signal: (signal) => void child.kill(signal),
    signalGroup: (signal) => void process.kill(-pid, signal),
  };
}

/** Runs a process to its end. */
export async function runProcess(command: string, args: readonly string[], options?: ChildOptions) {
  const child = startProcess(command, args, options);
  return { code: await child.exit, ...child.output };
}
