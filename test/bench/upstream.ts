/** A stand-in for GenAuth that does as little as can be, in a process of its own: it reads, counts and says yes. */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type UpstreamCommand = { kind: 'delay'; delayMs: number } | { kind: 'count' };

const ANSWER = Buffer.from(
  JSON.stringify({
    statusCode: 200,
    message: 'Success',
    requestId: '7c9cf0a7-6d3c-4b3e-9f0a-2f4f0d8f6d11',
    data: { success: true },
  }),
);
const HEADERS = { 'content-type': 'application/json', 'content-length': ANSWER.length };

let delayMs = 0;
let calls = 0;

const answer = (response: ServerResponse): void => void response.writeHead(200, HEADERS).end(ANSWER);

const server = createServer((request, response) => {
  request.resume();
  request.once('end', () => {
    calls++;
    if (delayMs === 0) answer(response);
    else setTimeout(answer, delayMs, response);
  });
});
// A connection that ends while it is about to be used would count as a failure of whoever used it.
server.keepAliveTimeout = 0;

process.on('message', (command: UpstreamCommand) => {
  if (command.kind === 'delay') delayMs = command.delayMs;
  process.send?.(calls);
});
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
