/** An upstream whose calls are answered when, and as, a test says. */
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { atEnd } from './at-end';

export interface HeldUpstream {
  url: string;
  /** Of the calls so far. */
  readonly paths: string[];
  /** Gives the latest call an envelope; null breaks its connection off. */
  answer: (envelope: object | null) => void;
}

export async function startHeldUpstream(): Promise<HeldUpstream> {
  const paths: string[] = [];
  let latest: ServerResponse | null = null;
  const server = createServer((request, response) => {
    paths.push(request.url ?? '');
    request.resume();
    latest = response;
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  atEnd(async () => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    paths,
    answer: (envelope) => {
      const response = latest;
      latest = null;
      if (envelope === null) response?.destroy();
      else response?.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(envelope));
    },
  };
}
