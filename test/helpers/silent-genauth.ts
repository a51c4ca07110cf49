/** A GenAuth that takes connections but says nothing of TLS, or that breaks them off. */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { atEnd } from './at-end';

export interface SilentGenAuth {
  url: string;
  /** Breaks new connections off. */
  isRefusing: boolean;
  /** Connections so far that it has not broken off. */
  held: () => number;
}

export async function startSilentGenAuth(): Promise<SilentGenAuth> {
  const sockets: Socket[] = [];
  const genauth = { url: '', isRefusing: false, held: () => sockets.length };
  const server = createServer((socket) => {
    if (genauth.isRefusing) socket.destroy();
    else sockets.push(socket.on('error', () => undefined));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  atEnd(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  genauth.url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return genauth;
}
