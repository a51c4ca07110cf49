/** The processes that measure: written in TypeScript, told what to do by messages, one question at a time. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

export interface HelperProcess {
  /** What it says first. */
  greeting: unknown;
  ask: (question: object) => Promise<unknown>;
  stop: () => void;
}

async function nextMessage(child: ChildProcess): Promise<unknown> {
  const ended = new AbortController();
  const dead = once(child, 'exit', { signal: ended.signal }).then(() => {
    throw new Error('A process of the benchmark has ended too soon.');
  });
  dead.catch(() => undefined);
  const [message] = (await Promise.race([once(child, 'message'), dead])) as [unknown];
  ended.abort();
  return message;
}

/** Starts FILE of this folder, on the cores that the benchmark itself runs on. */
export async function startHelper(file: string): Promise<HelperProcess> {
  const child = fork(path.join(__dirname, file), { execArgv: ['--import', 'tsx'] });
  const greeting = await nextMessage(child);
  return {
    greeting,
    ask: (question) => {
      child.send(question);
      return nextMessage(child);
    },
    stop: () => void child.kill('SIGKILL'),
  };
}
