/**
 * Results framed as server-sent events by graphql-sse, each made when its reader has taken the one before: the library
 * would make them as they come and keep them for a reader who takes none.
 */
import type { FastifyRequest } from 'fastify';
import type { ExecutionResult } from 'graphql';
import { createHandler } from 'graphql-sse';
import { StreamCut } from '../stream-cut';

/** What the library is shown of every request: all was decided before, and it would judge some of it otherwise. */
const SHOWN = {
  method: 'POST',
  url: '/graphql/stream',
  headers: { get: (name: string) => ({ accept: 'text/event-stream', 'content-type': 'application/json' })[name] },
  body: { query: '' },
};

/** Whether somebody asks for the next event. */
class Demand {
  private isThere = false;
  private meet: (() => void) | null = null;

  /** Again before it was met, it is the same one: of what nobody has taken there is one event at most. */
  readonly raise = (): void => {
    this.isThere = true;
    this.meet?.();
  };

  /** One at a time. Resolves when it is there, and takes it. */
  async taken(): Promise<void> {
    if (!this.isThere) await new Promise<void>((resolve) => (this.meet = resolve));
    this.isThere = false;
    this.meet = null;
  }
}

/** The same result, as its reader may see it. */
type Present = <Result extends Pick<ExecutionResult, 'errors'>>(result: Result) => Result;

interface Framing {
  result: AsyncIterable<ExecutionResult> | ExecutionResult;
  present: Present;
  demand: Demand;
}

/** The library's part: the framing, `complete` at the end, and a sign of life every 12 seconds. */
const frameByLibrary = createHandler<FastifyRequest, Framing>({
  authenticate: () => null,
  // An answer without data would be none to the library.
  onSubscribe: ({ context: { result } }) => ('errors' in result ? { data: null, ...result } : result),
  onNext: async (_context, { context: { present, demand } }, result) => {
    await demand.taken();
    return present(result);
  },
});

/**
 * When the gateway stops they end without `complete`, which would say that the job is over: clients then come back, to
 * another gateway. Not a generator, which could not be left before its next event.
 */
const untilCut = (frames: AsyncIterator<string, void, undefined>, { raise }: Demand): AsyncIterable<string> => ({
  [Symbol.asyncIterator]: () => ({
    next: () => {
      raise();
      return frames.next().catch((error: unknown) => {
        if (error instanceof StreamCut) return { done: true, value: undefined };
        throw error;
      });
    },
    return: async () => (await frames.return?.()) ?? { done: true, value: undefined },
  }),
});

export interface Frames {
  frames: AsyncIterable<string>;
  status: number;
  headers: Record<string, string>;
}

export async function frame(request: FastifyRequest, result: Framing['result'], present: Present): Promise<Frames> {
  const demand = new Demand();
  const [frames, { status, headers = {} }] = await frameByLibrary({
    ...SHOWN,
    raw: request,
    context: { result, present, demand },
  });
  if (frames == null || typeof frames === 'string') throw new Error('The events of a subscription are no stream.');
  return { frames: untilCut(frames, demand), status, headers };
}
