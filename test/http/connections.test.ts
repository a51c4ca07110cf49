/** What a connection that is kept alive remembers of its requests: those that have no answer yet, and no others. */
import type { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { HangUp } from '../../src/hang-up';
import { hangUpOf } from '../../src/http/connections';
import { createHttpServer } from '../../src/http/server';
import { atEnd } from '../helpers/at-end';
import { eventually } from '../helpers/eventually';
import { openConnection } from '../helpers/raw-connection';
import { captureLog } from '../helpers/start-app';

const REQUESTS = 50;
const start = async () =>
  createHttpServer({ corsOrigins: [], loopbackOnly: true, isDraining: () => false, log: captureLog().log });
const get = (path: string) => `GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`;

it('requests that were answered are not looked at again when the connection ends; others are told', async () => {
  const http = await start();
  const sockets = new Set<Socket>();
  const answered: HangUp[] = [];
  const held: HangUp[] = [];
  let closed = 0;
  let lookedAt = 0;
  http.get('/answered', async (request, reply) => {
    sockets.add(request.raw.socket);
    answered.push(hangUpOf(request, reply));
    // Asked whether it was answered, it tells that somebody still holds it.
    reply.raw.once('close', () => {
      closed++;
      Object.defineProperty(reply.raw, 'writableFinished', { get: () => ++lookedAt > 0 });
    });
    return {};
  });
  http.get('/held', (request, reply) => {
    held.push(hangUpOf(request, reply));
  });
  const connection = await openConnection(await http.listen({ host: '127.0.0.1', port: 0 }));
  atEnd(() => http.close());
  for (let sent = 1; sent <= REQUESTS; sent++) {
    connection.write(get('/answered'));
    await eventually(() => closed === sent);
  }
  // Node tells the second one nothing: its answer is not the one that is being written.
  connection.write(get('/held').repeat(2));
  await eventually(() => held.length === 2);
  const [socket] = sockets;
  const gone = new Promise((resolve) => socket!.once('close', resolve));
  connection.hangUp();
  await gone;
  expect(sockets.size).toBe(1);
  expect(lookedAt).toBe(0);
  expect(answered.filter(({ aborted }) => aborted)).toEqual([]);
  expect(held.map(({ aborted }) => aborted)).toEqual([true, true]);
});

it('who has gone before anybody asks whether they have is known to have', async () => {
  const http = await start();
  const late: HangUp[] = [];
  let isThere = false;
  http.get('/late', async (request, reply) => {
    isThere = true;
    await new Promise((resolve) => request.raw.socket.once('close', resolve));
    // As after a door that takes its time. The answer's own end comes behind the socket's.
    await nextTurn();
    late.push(hangUpOf(request, reply));
    return {};
  });
  const connection = await openConnection(await http.listen({ host: '127.0.0.1', port: 0 }));
  atEnd(() => http.close());
  connection.write(get('/late'));
  await eventually(() => isThere);
  connection.hangUp();
  await eventually(() => late.length === 1);
  expect(late[0]!.aborted).toBe(true);
});
