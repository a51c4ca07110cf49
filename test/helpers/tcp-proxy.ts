/** A way to a server that can be cut and mended: what is behind it is then unreachable, as far as its clients can tell. */
import { connect, createServer, type Socket } from 'node:net';
import { once } from 'node:events';
import { atEnd } from './at-end';
import { freePort } from './free-port';

export interface TcpProxy {
  url: string;
  /** Refuses new connections and breaks those that stand. */
  cut: () => Promise<void>;
  mend: () => Promise<void>;
}

export async function startTcpProxy(target: string): Promise<TcpProxy> {
  const { hostname, port: targetPort } = new URL(target);
  const sockets = new Set<Socket>();
  const server = createServer((incoming) => {
    const outgoing = connect(Number(targetPort), hostname);
    for (const socket of [incoming, outgoing]) {
      sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => [incoming, outgoing].forEach((end) => end.destroy()));
      socket.on('close', () => sockets.delete(socket));
    }
    incoming.pipe(outgoing).pipe(incoming);
  });
  const port = await freePort();
  const listen = async (): Promise<void> => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  };
  await listen();
  const cut = async (): Promise<void> => {
    if (!server.listening) return;
    server.close();
    for (const socket of sockets) socket.destroy();
    await once(server, 'close');
  };
  atEnd(cut);
  return { url: `http://127.0.0.1:${port}`, cut, mend: listen };
}
