/**
 * Questions and answers between two processes, over Node's IPC. Each question has one answer, or fails when it comes too
 * late or when the other process ends.
 */
import { z } from 'zod';

const MESSAGE = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('question'), id: z.number(), topic: z.string(), body: z.unknown() }),
  z.object({ kind: z.literal('answer'), id: z.number(), body: z.unknown() }),
  z.object({ kind: z.literal('failure'), id: z.number(), reason: z.string() }),
]);
type Message = z.infer<typeof MESSAGE>;

/** What is answered to the other side's questions, by topic. */
export type Answers = Readonly<Record<string, (body: unknown) => unknown>>;

interface Pending {
  resolve: (body: unknown) => void;
  reject: (error: Error) => void;
}

export class Channel {
  private readonly pending = new Map<number, Pending>();
  private lastId = 0;

  /** @param send may throw or do nothing once the other process has gone; `close` tells then */
  constructor(
    private readonly send: (message: Message) => void,
    private readonly answers: Answers,
  ) {}

  /** @throws what the other side threw, or that it gave no answer within `withinMs` milliseconds */
  async ask(topic: string, body: unknown = null, withinMs?: number): Promise<unknown> {
    this.lastId += 1;
    const id = this.lastId;
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<unknown>((resolve, reject) => {
        this.pending.set(id, { resolve, reject });
        const giveUp = (): void => reject(new Error(`no answer about ${topic} in time`));
        // After what has come meanwhile is read: this process may have stood still.
        if (withinMs !== undefined) timer = setTimeout(() => setImmediate(giveUp), withinMs);
        this.send({ kind: 'question', id, topic, body });
      });
    } finally {
      clearTimeout(timer);
      this.pending.delete(id);
    }
  }

  /** For every message that comes in; others than ours are left alone, as Node and libraries have theirs. */
  readonly receive = (incoming: unknown): void => {
    const { success, data: message } = MESSAGE.safeParse(incoming);
    if (!success) return;
    if (message.kind === 'question') void this.answer(message.id, message.topic, message.body);
    else if (message.kind === 'answer') this.pending.get(message.id)?.resolve(message.body);
    else this.pending.get(message.id)?.reject(new Error(message.reason));
  };

  /** The other process has gone: nothing will be answered any more. */
  close(reason: string): void {
    for (const { reject } of this.pending.values()) reject(new Error(reason));
  }

  private async answer(id: number, topic: string, body: unknown): Promise<void> {
    try {
      const answer = await this.answers[topic]?.(body);
      this.send({ kind: 'answer', id, body: answer });
    } catch (error) {
      this.send({ kind: 'failure', id, reason: String(error) });
    }
  }
}
