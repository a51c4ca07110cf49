/** The soak's processes, which end with it: their channel to it closes. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

/** Its environment is what it is given and nothing else; its log goes nowhere unless asked for. */
export function start(file: string, env: Record<string, string>): ChildProcess {
  const { PATH = '', HOME = '', SOAK_LOG } = process.env;
  return fork(path.join(__dirname, file), {
    env: { PATH, HOME, ...env },
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 'inherit', SOAK_LOG === '1' ? 'inherit' : 'ignore', 'ipc'],
  });
}

/** @throws when it ends without one */
export async function firstMessage<T>(child: ChildProcess): Promise<T> {
  const message = once(child, 'message').then(([told]) => told as T);
  const ended = once(child, 'exit').then(([code]) => Promise.reject(new Error(`a process has ended with ${code}`)));
  return Promise.race([message, ended]);
}

/** Its answer to the one thing that it is told. */
export async function ask<T>(child: ChildProcess, told: object): Promise<T> {
  child.send(told);
  return firstMessage<T>(child);
}

/** Tells it to end. @returns its exit code */
export async function end(child: ChildProcess): Promise<number | null> {
  child.send('end');
  const [code] = (await once(child, 'exit')) as [number | null];
  return code;
}
