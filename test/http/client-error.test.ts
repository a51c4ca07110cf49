/** How each fault that Node finds before there is a request is told; over real connections in pipelined.test.ts. */
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { answerClientErrors } from '../../src/http/client-error';
import { eventually } from '../helpers/eventually';
import { captureLog } from '../helpers/start-app';

/** One end of a connection, with what was written to it. */
function makeSocket() {
  const written: string[] = [];
  const socket = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _encoding, done) => {
      written.push(chunk.toString());
      done();
    },
  });
  return { socket, written: () => written.join('') };
}

function tell(code: string | undefined, socket: Duplex) {
  const { logs, log } = captureLog();
  answerClientErrors(log)(Object.assign(new Error('canary'), code !== undefined && { code }), socket as Socket);
  return logs;
}

it.each<[string | undefined, string, string]>([
  ['ERR_HTTP_REQUEST_TIMEOUT', '408 Request Timeout', 'REQUEST_TIMEOUT'],
  ['HPE_CHUNK_EXTENSIONS_OVERFLOW', '413 Payload Too Large', 'PAYLOAD_TOO_LARGE'],
  ['HPE_HEADER_OVERFLOW', '431 Request Header Fields Too Large', 'HEADERS_TOO_LARGE'],
  ['HPE_INVALID_METHOD', '400 Bad Request', 'BAD_REQUEST'],
  [undefined, '400 Bad Request', 'BAD_REQUEST'],
])('%s is answered %s, and the connection ends', async (fault, status, code) => {
  const { socket, written } = makeSocket();
  const logs = tell(fault, socket);
  await eventually(() => socket.destroyed);
  const [head = '', body = ''] = written().split('\r\n\r\n');
  const [first, ...lines] = head.split('\r\n');
  expect(first).toBe(`HTTP/1.1 ${status}`);
  const headers = Object.fromEntries(lines.map((line) => line.split(': ')));
  const requestId: unknown = headers['x-request-id'];
  expect(headers).toEqual({
    connection: 'close',
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(Buffer.byteLength(body)),
    'x-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
  });
  expect(JSON.parse(body)).toEqual({ errors: [{ message: expect.any(String), extensions: { code, requestId } }] });
  expect(logs).toMatchObject([{ level: 20, requestId, reason: fault ?? '', msg: 'what came is no request' }]);
});

it('where the last answer was said to be the last, the connection ends without another', () => {
  const { socket, written } = makeSocket();
  socket.end('the last answer');
  expect(tell('HPE_INVALID_METHOD', socket)).toEqual([]);
  expect([socket.destroyed, written()]).toEqual([true, 'the last answer']);
});

it('a connection that was broken off is given up, and nothing is written to it', () => {
  const { socket, written } = makeSocket();
  expect(tell('ECONNRESET', socket)).toEqual([]);
  expect([socket.destroyed, written()]).toEqual([true, '']);
});
