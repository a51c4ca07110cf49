/** What processes use, their children included, as Linux counts it in /proc (proc(5)); NaN where there is no such thing. */
import { readFileSync } from 'node:fs';

const KIB = 1024;
const MIB = 1024 * KIB;
/** The unit of `stat`: hundredths of a second. */
const TICKS_PER_SECOND = 100;

function sumOfTree(pid: number, ofOne: (pid: number) => number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
  return children.reduce((sum, child) => sum + (orNothing(() => sumOfTree(Number(child), ofOne)) ?? 0), ofOne(pid));
}

/** A child may end while it is looked at. */
function orNothing(read: () => number): number | null {
  try {
    return read();
  } catch {
    return null;
  }
}

const residentBytes = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * KIB;

/** utime, stime, and those of the children that have ended. */
function ticks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
}

/** Memory in use, MiB. */
export const residentMiB = (pid: number): number =>
  (orNothing(() => sumOfTree(pid, residentBytes)) ?? Number.NaN) / MIB;

/** Processor time so far, all threads. */
export const cpuSeconds = (pid: number): number =>
  (orNothing(() => sumOfTree(pid, ticks)) ?? Number.NaN) / TICKS_PER_SECOND;
