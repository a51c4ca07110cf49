/** What the samples say, one row for each measure, with its bound. */
import type { Handles, Sample } from './messages';

export interface Row {
  measure: string;
  before: string;
  after: string;
  bound: string;
  isKept: boolean;
}

/** How much more the last third may take than the second. */
const MEMORY_GROWTH = 0.1;
const MAX_DELAY_P99_MS = 50;

const MEBIBYTE = 1024 * 1024;
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

function judgeMemory(samples: readonly Sample[]): Row {
  const third = Math.floor(samples.length / 3);
  const mebibytes = samples.map(({ residentBytes }) => residentBytes / MEBIBYTE);
  const before = mean(mebibytes.slice(third, 2 * third));
  const after = mean(mebibytes.slice(2 * third));
  return {
    measure: 'resident memory, MiB (second third, last third)',
    before: before.toFixed(1),
    after: after.toFixed(1),
    bound: `+${MEMORY_GROWTH * 100} %`,
    isKept: after <= before * (1 + MEMORY_GROWTH),
  };
}

/** Whether nothing is left that was not there before. */
export const hasNoMore = (before: Handles, after: Handles): boolean =>
  Object.entries(after).every(([kind, count]) => count <= (before[kind] ?? 0));

function judgeHandles(before: Handles, after: Handles): Row[] {
  const kinds = [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted();
  return kinds.map((kind) => {
    const counts = { before: before[kind] ?? 0, after: after[kind] ?? 0 };
    return {
      measure: `handles at rest: ${kind}`,
      before: String(counts.before),
      after: String(counts.after),
      bound: 'no more',
      isKept: counts.after <= counts.before,
    };
  });
}

function judgeDelays(samples: readonly Sample[]): Row[] {
  const { p50DelayMs, p99DelayMs } = samples.at(-1)!;
  const worst = samples.map(({ worstDelayMs }) => worstDelayMs);
  const max = Math.max(...worst);
  const free = { before: '', bound: '', isKept: true };
  const isKept = p99DelayMs < MAX_DELAY_P99_MS;
  return [
    { ...free, measure: 'event-loop delay, ms: half below', after: p50DelayMs.toFixed(1) },
    {
      ...free,
      measure: 'event-loop delay, ms: 99 % below',
      after: p99DelayMs.toFixed(1),
      bound: `< ${MAX_DELAY_P99_MS}`,
      isKept,
    },
    { ...free, measure: `event-loop delay, ms: longest, in second ${worst.indexOf(max) + 1}`, after: max.toFixed(1) },
  ];
}

/** @param samples of the time under load @param atRest before it, and after it */
export function judge(
  samples: readonly Sample[],
  atRest: { before: Handles; after: Handles },
  unexpected: number,
): Row[] {
  return [
    judgeMemory(samples),
    ...judgeHandles(atRest.before, atRest.after),
    ...judgeDelays(samples),
    { measure: 'unexpected answers', before: '', after: String(unexpected), bound: '0', isKept: unexpected === 0 },
  ];
}

export function toTable(rows: readonly Row[]): string {
  const line = ({ measure, before, after, bound, isKept }: Row): string =>
    `${measure.padEnd(50)}${before.padStart(9)}${after.padStart(9)}${bound.padStart(10)}  ${isKept ? '' : 'FAILS'}`.trimEnd();
  const head = { measure: 'measure', before: 'before', after: 'after', bound: 'bound', isKept: true };
  return [head, ...rows].map(line).join('\n');
}
