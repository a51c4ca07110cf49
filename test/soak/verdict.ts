/** What the samples say, one row for each measure, with its bound. */
import type { EventLoop, Sample } from './messages';

export interface Row {
  measure: string;
  /** Means of the second and the last third; or one figure for all of the time. */
  second: string;
  last: string;
  bound: string;
  isKept: boolean;
}

/** How much higher the last third may be than the second. */
const MEMORY_GROWTH = 0.1;
const HANDLE_GROWTH = 0.1;
/** Few of a kind come and go by more than a tenth. */
const HANDLE_SLACK = 3;
const MAX_DELAY_P99_MS = 50;

const MEBIBYTE = 1024 * 1024;
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The samples of the second third of the time, and of the last. */
function thirds<T>(samples: readonly T[]): [T[], T[]] {
  const third = Math.floor(samples.length / 3);
  return [samples.slice(third, 2 * third), samples.slice(2 * third)];
}

function judgeMemory(samples: readonly Sample[]): Row {
  const [second, last] = thirds(samples.map(({ residentBytes }) => residentBytes / MEBIBYTE)).map(mean);
  return {
    measure: 'resident memory, MiB',
    second: second!.toFixed(1),
    last: last!.toFixed(1),
    bound: `+${MEMORY_GROWTH * 100} %`,
    isKept: last! <= second! * (1 + MEMORY_GROWTH),
  };
}

function judgeHandles(samples: readonly Sample[]): Row[] {
  const kinds = new Set(samples.flatMap(({ handles }) => Object.keys(handles)));
  return [...kinds].toSorted().map((kind) => {
    const [second, last] = thirds(samples.map(({ handles }) => handles[kind] ?? 0)).map(mean);
    return {
      measure: `handles: ${kind}`,
      second: second!.toFixed(1),
      last: last!.toFixed(1),
      bound: `+${HANDLE_GROWTH * 100} %, +${HANDLE_SLACK}`,
      isKept: last! <= second! * (1 + HANDLE_GROWTH) + HANDLE_SLACK,
    };
  });
}

export function judge(samples: readonly Sample[], { p50, p99, max }: EventLoop, unexpected: number): Row[] {
  const free = { second: '', bound: '', isKept: true };
  return [
    judgeMemory(samples),
    ...judgeHandles(samples),
    { ...free, measure: 'event-loop delay p50, ms', last: p50.toFixed(1) },
    {
      ...free,
      measure: 'event-loop delay p99, ms',
      last: p99.toFixed(1),
      bound: `< ${MAX_DELAY_P99_MS}`,
      isKept: p99 < MAX_DELAY_P99_MS,
    },
    { ...free, measure: 'event-loop delay max, ms', last: max.toFixed(1) },
    { ...free, measure: 'unexpected answers', last: String(unexpected), bound: '0', isKept: unexpected === 0 },
  ];
}

export function toTable(rows: readonly Row[]): string {
  const line = ({ measure, second, last, bound, isKept }: Row): string =>
    `${measure.padEnd(36)}${second.padStart(13)}${last.padStart(13)}${bound.padStart(16)}  ${isKept ? '' : 'FAILS'}`.trimEnd();
  const head = { measure: 'measure', second: 'second third', last: 'last third', bound: 'bound', isKept: true };
  return [head, ...rows].map(line).join('\n');
}
