/** Who runs where: what is measured has the first core for itself, everything that measures has the others. */
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

const COUNT = availableParallelism();

const hasTaskset = spawnSync('taskset', ['--version']).status === 0;

/** Without it the rows still compare, as all share alike, but none has a core for itself. */
export const isPinned = hasTaskset && COUNT > 1;

/** For servers under measure: one core, two, or as many as there are. */
export const CORES = { one: '0', two: '0,1', all: `0-${COUNT - 1}` } as const;
export type Cores = keyof typeof CORES;

/** Two servers' worth of cores and two more for what measures them. */
export const hasCoresForTwo = COUNT >= 4;

/** This process, and all that it starts from now on. */
export function leaveFirstCore(): void {
  if (isPinned) spawnSync('taskset', ['-p', '-c', `1-${COUNT - 1}`, String(process.pid)]);
}

/** A command on cores of its own. */
export const pinned = (cores: Cores, command: readonly string[]): readonly string[] =>
  isPinned ? ['taskset', '-c', CORES[cores], ...command] : command;
