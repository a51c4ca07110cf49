/**
 * One process at a time for the embedded database: a second one would corrupt it. The lock is a Unix socket in the
 * directory that its holder listens on, for a listening socket dies with its process whatever way that ends; a pid in a
 * file doesn't, and means nothing between containers.
 *
 * Each process has a socket of a name that is never used again, and holds the lock if it saw no other one alive after its
 * own could be seen. Of two, the later one sees the earlier, so two never hold it, however many start at once; and whoever
 * takes a dead one away can't hit a living one that has come in its place.
 */
import { once } from 'node:events';
import { mkdtemp, readdir, realpath, rename, rm, symlink, unlink } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { codeOf } from '../errors';
import { randomHex } from '../random-hex';

/** `sun_path` of unix(7) holds 108 bytes on Linux, 104 elsewhere, with a NUL at the end. */
const MAX_SOCKET_PATH = 103;
/** A later process has a higher name, and gives way; one that doesn't holds the lock, and a clock was wrong. Milliseconds. */
const GIVES_WAY_WITHIN_MS = 1000;
const LOOK_AGAIN_MS = 10;

/** `lock` alone is what releases before this one listen on. */
const LOCK = /^lock(\..+)?$/;
const newName = (): string => `lock.${Date.now().toString(36).padStart(9, '0')}.${randomHex().slice(0, 8)}`;

export class DirectoryInUseError extends Error {
  override readonly name = 'DirectoryInUseError';
  constructor() {
    super('DATA_DIR is in use by another process; stop that one, set another DATA_DIR, or use DATABASE_URL');
  }
}

/** Gives a path to the directory that leaves room for a socket's name; where its own doesn't, one through a link. */
async function onShortPath<T>(directory: string, work: (short: string) => Promise<T>): Promise<T> {
  const real = await realpath(directory);
  if (Buffer.byteLength(path.join(real, newName())) <= MAX_SOCKET_PATH) return work(real);
  const folder = await mkdtemp(path.join(tmpdir(), 'kick-gateway-'));
  try {
    const link = path.join(folder, 'd');
    await symlink(real, link);
    return await work(link);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Under another name until it listens: what can be seen and refuses connections is dead, then. */
async function listen(directory: string, name: string): Promise<Server> {
  const unseen = path.join(directory, name.replace('lock', 'new'));
  const server = createServer((client) => client.end()).unref();
  server.listen(unseen);
  await once(server, 'listening');
  await rename(unseen, path.join(directory, name));
  return server;
}

/** @throws when that can't be told */
async function isAlive(socketPath: string): Promise<boolean> {
  const client = connect(socketPath);
  try {
    await once(client, 'connect');
    return true;
  } catch (error) {
    const code = codeOf(error);
    // Reset: it was there and closed before it accepted.
    if (code === 'ECONNREFUSED' || code === 'ENOENT' || code === 'ECONNRESET') return false;
    // So many ask at once that it has no time for this one.
    if (code === 'EAGAIN') return true;
    throw error;
  } finally {
    client.destroy();
  }
}

/** The other processes with a socket, which hold the lock or would like to. Takes dead sockets away. */
async function findOthers(directory: string, own: string): Promise<string[]> {
  const others: string[] = [];
  for (const name of await readdir(directory)) {
    if (name === own || !LOCK.test(name)) continue;
    const socketPath = path.join(directory, name);
    if (await isAlive(socketPath)) others.push(name);
    else await rm(socketPath, { force: true });
  }
  return others;
}

/** @throws {DirectoryInUseError} */
async function outlastOthers(directory: string, own: string): Promise<void> {
  const endsAt = performance.now() + GIVES_WAY_WITHIN_MS;
  for (;;) {
    const others = await findOthers(directory, own);
    if (others.length === 0) return;
    if (others.some((name) => name < own) || performance.now() > endsAt) throw new DirectoryInUseError();
    await delay(LOOK_AGAIN_MS);
  }
}

/** @returns the unlocking. @throws {DirectoryInUseError} and what the file system says */
export async function lockDirectory(directory: string): Promise<() => Promise<void>> {
  const name = newName();
  return onShortPath(directory, async (short) => {
    const server = await listen(short, name);
    const unlock = async (): Promise<void> => {
      await unlink(path.join(directory, name)).catch(() => undefined);
      server.close();
      await once(server, 'close');
    };
    try {
      await outlastOthers(short, name);
      return unlock;
    } catch (error) {
      await unlock();
      throw error;
    }
  });
}
