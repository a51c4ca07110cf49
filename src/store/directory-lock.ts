/**
 * One process at a time for the embedded database: a second one would corrupt it. The lock is a Unix socket that its
 * holder listens on, for a listening socket dies with its process whatever way that ends; a pid in a file doesn't, and
 * means nothing between containers.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { realpath, rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { codeOf } from '../errors';

/** `sun_path` of unix(7) holds 108 bytes on Linux, 104 elsewhere, with a NUL at the end. */
const MAX_SOCKET_PATH = 103;

export class DirectoryInUseError extends Error {
  override readonly name = 'DirectoryInUseError';
  constructor() {
    super('DATA_DIR is in use by another process; stop that one, set another DATA_DIR, or use DATABASE_URL');
  }
}

/** In the directory itself, or, where its path is too long for a socket, under a name made from it. */
async function socketPathOf(directory: string): Promise<string> {
  const real = await realpath(directory);
  const inside = path.join(real, 'lock');
  if (Buffer.byteLength(inside) <= MAX_SOCKET_PATH) return inside;
  return path.join(tmpdir(), `kick-gateway-${createHash('sha256').update(real).digest('hex').slice(0, 16)}`);
}

/** Null when something is there already, alive or dead. */
async function tryToListen(socketPath: string): Promise<Server | null> {
  const server = createServer((client) => client.end()).unref();
  server.listen(socketPath);
  try {
    await once(server, 'listening');
    return server;
  } catch (error) {
    if (codeOf(error) === 'EADDRINUSE') return null;
    throw error;
  }
}

async function isAlive(socketPath: string): Promise<boolean> {
  const client = connect(socketPath);
  try {
    await once(client, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    client.destroy();
  }
}

/** @returns the unlocking. @throws {DirectoryInUseError} */
export async function lockDirectory(directory: string): Promise<() => Promise<void>> {
  const socketPath = await socketPathOf(directory);
  let server = await tryToListen(socketPath);
  if (server === null) {
    if (await isAlive(socketPath)) throw new DirectoryInUseError();
    // Left by a process that was killed.
    await rm(socketPath, { force: true });
    server = await tryToListen(socketPath);
    if (server === null) throw new DirectoryInUseError();
  }
  const held = server;
  return async () => {
    // Node removes the socket's file as it closes.
    held.close();
    await once(held, 'close');
  };
}
