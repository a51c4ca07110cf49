/** Events of a stream are made as their reader takes them: one who reads nothing must not fill the gateway's memory. */
import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FastifyRequest } from 'fastify';
import type { ExecutionResult } from 'graphql';
import { frame } from '../../src/http/event-frames';
import { StreamCut } from '../../src/stream-cut';
import { eventually } from '../helpers/eventually';

// The library only hands it on.
const request = {} as FastifyRequest;
const asItIs = <Result>(result: Result): Result => result;

/** Counts from 0, as fast as it is asked, but for a turn of the event loop each. */
class Counting implements AsyncIterableIterator<ExecutionResult> {
  made = 0;
  isOver = false;
  constructor(private readonly failAt = Infinity) {}
  [Symbol.asyncIterator](): this {
    return this;
  }
  async next(): Promise<IteratorResult<ExecutionResult>> {
    await nextTurn();
    if (this.made === this.failAt) throw new StreamCut();
    return { done: false, value: { data: { count: this.made++ } } };
  }
  async return(): Promise<IteratorResult<ExecutionResult>> {
    this.isOver = true;
    return { done: true, value: undefined };
  }
  // As what `subscribe` returns has it; the library ends nothing that has none.
  async throw(error: unknown): Promise<never> {
    throw error;
  }
}

const readableOf = async (source: Counting): Promise<Readable> =>
  Readable.from((await frame(request, source, asItIs)).frames);

async function manyTurns(): Promise<void> {
  for (let turn = 0; turn < 500; turn++) await nextTurn();
}

it('makes no more than a reader who reads nothing could take next, and ends its source with the stream', async () => {
  const source = new Counting();
  const readable = await readableOf(source);
  readable.once('readable', () => undefined);
  await eventually(() => source.made > 0, Boolean);
  await manyTurns();
  // What the streams hold, and one behind them.
  expect(source.made).toBeLessThan(6);
  readable.destroy();
  await eventually(() => source.isOver, Boolean);
});

it('goes on where its reader goes on, and leaves nothing out', async () => {
  const source = new Counting();
  const readable = await readableOf(source);
  const seen: string[] = [];
  for await (const chunk of readable as AsyncIterable<string>) {
    if (chunk.startsWith('event')) seen.push(chunk);
    if (seen.length % 10 === 0) await manyTurns();
    if (seen.length === 30) break;
  }
  expect(seen).toEqual(seen.map((_, count) => `event: next\ndata: {"data":{"count":${count}}}\n\n`));
  expect(source.made).toBeLessThan(36);
  expect(source.isOver).toBe(true);
});

it('ends without "complete" when its source is cut off', async () => {
  const chunks: string[] = [];
  for await (const chunk of (await readableOf(new Counting(2))) as AsyncIterable<string>) chunks.push(chunk);
  expect(chunks.filter((chunk) => chunk.startsWith('event'))).toHaveLength(2);
  expect(chunks.join('')).not.toContain('complete');
});
