/**
 * A chunk: some lines of a job, as the queue carries them from one gateway to another, maybe of another release. So it
 * has a format number. A release knows its own format and the one before, which jobs begun by the older one may have.
 */
import { z } from 'zod';

export interface Chunk {
  jobId: string;
  /** The first and the last line, from 0. Which of them are still to do stands in the lines. */
  from: number;
  to: number;
}

/** Users in a chunk: few, so that little has to be looked through again when a gateway dies. */
export const CHUNK_SIZE = 50;

/** What new chunks are written in. */
export const CHUNK_FORMAT = 2;

const jobId = z.uuid();
const line = z.int().min(0);

/** Each format with its reader. Format 1 listed its lines; ranges keep the queue's rows small. */
const READERS = {
  1: z
    .object({ format: z.literal(1), jobId, lines: z.array(line).min(1) })
    .transform(({ lines, ...rest }) => ({ jobId: rest.jobId, from: Math.min(...lines), to: Math.max(...lines) })),
  2: z.object({ format: z.literal(2), jobId, from: line, to: line }),
} as const;

export type ChunkFormat = keyof typeof READERS;

export const KNOWN_FORMATS: readonly number[] = Object.keys(READERS).map(Number);

const anyChunk = z.union(Object.values(READERS));

/** Null: it is of no known format. Such a job keeps a gateway from starting, but a newer gateway may begin one later. */
export function parseChunk(data: unknown): Chunk | null {
  const parsed = anyChunk.safeParse(data);
  if (!parsed.success) return null;
  const { jobId: id, from, to } = parsed.data;
  return { jobId: id, from, to };
}

/** @param format an older one only to stand in for an older release */
export function writeChunk({ from, to, ...chunk }: Chunk, format: ChunkFormat): object {
  if (format === 2) return { format, jobId: chunk.jobId, from, to };
  return { format, jobId: chunk.jobId, lines: Array.from({ length: to - from + 1 }, (_, index) => from + index) };
}
