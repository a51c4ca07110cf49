/** One connection with whatever a test writes to it: requests behind one another, and what is no request. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { atEnd } from './at-end';

export interface RawConnection {
  write: (text: string | Buffer) => void;
  /** What has come, as it came. */
  text: () => string;
  /** When the other side has ended it. */
  ended: Promise<unknown>;
  hangUp: () => void;
}

export async function openConnection(url: string): Promise<RawConnection> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  // Some tests break it off.
  socket.on('error', () => undefined);
  const ended = once(socket, 'close');
  await once(socket, 'connect');
  atEnd(async () => void socket.destroy());
  return {
    write: (written) => void socket.write(written),
    text: () => text,
    ended,
    hangUp: () => void socket.destroy(),
  };
}

/** A request with a body of JSON, as it goes over a connection. */
export function postText(path: string, body: object, requestId: string): string {
  const json = JSON.stringify(body);
  const headers = [
    'host: localhost',
    'content-type: application/json',
    'accept: */*',
    `x-request-id: ${requestId}`,
    `content-length: ${Buffer.byteLength(json)}`,
  ];
  return `POST ${path} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n${json}`;
}
