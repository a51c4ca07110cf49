/** Answers to what is no HTTP, too long in its headers or too slow, in the form that all others have. */
import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Logger } from '../observability/logger';
import { whenAnswered } from './connections';
import { refusal } from './refusal';

/** As Node itself answers them (https://nodejs.org/api/http.html#event-clienterror). */
const STATUSES: Record<string, number> = {
  ERR_HTTP_REQUEST_TIMEOUT: 408,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  HPE_HEADER_OVERFLOW: 431,
};

/** Ends the connection: nobody knows what would come of the rest. */
function answer(code: string, socket: Socket, log: Logger): void {
  // The last answer may have been said to be the last.
  if (!socket.writable) return void socket.destroy();
  const requestId = randomUUID();
  log.debug({ requestId, reason: code }, 'what came is no request');
  const status = STATUSES[code] ?? 400;
  const body = JSON.stringify(refusal(status, requestId));
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'connection: close',
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    `x-request-id: ${requestId}`,
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}

/** For Fastify's `clientErrorHandler`. */
export const answerClientErrors =
  (log: Logger) =>
  (error: Error & { code?: string }, socket: Socket): void => {
    const { code = '' } = error;
    // Written at once, it would be taken for the answer of the operation before it, or stand in the middle of its stream.
    if (code === 'ECONNRESET') socket.destroy();
    else whenAnswered(socket, () => answer(code, socket, log));
  };
