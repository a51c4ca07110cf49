import type { ServerResponse } from 'node:http';

import type { Answer } from './envelope';

/** Writes a complete answer; nothing happens if the client has gone. */
export function writeAnswer(response: ServerResponse, { httpStatus, headers, body }: Answer): void {
  if (response.destroyed) return;
  const payload = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body ?? null));
  response.statusCode = httpStatus;
  response.setHeader('content-type', 'application/json; charset=utf-8');
  response.setHeader('content-length', payload.length);
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.end(payload);
}
