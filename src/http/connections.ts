/**
 * The operations under way on each connection. Node tells of a hang-up only the one whose answer is being written: those that
 * were sent behind it without waiting (HTTP pipelining) would never learn that nobody is there any more.
 */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CallerHangUp, type HangUp } from '../hang-up';

interface Connection {
  /** Requests that have no answer yet. */
  owed: Set<IncomingMessage>;
  /** What is to be done about each operation when the connection is gone. */
  underWay: Set<() => void>;
  /** Waits for the last answer that is owed. */
  whenAnswered: (() => void) | null;
}

const connections = new WeakMap<Socket, Connection>();

function connectionOf(socket: Socket): Connection {
  const known = connections.get(socket);
  if (known !== undefined) return known;
  const connection: Connection = { owed: new Set(), underWay: new Set(), whenAnswered: null };
  connections.set(socket, connection);
  socket.once('close', () => connection.underWay.forEach((end) => end()));
  return connection;
}

/** One that has not come in completely is owed nothing: what stands in its way is in its own place. */
const isOwing = ({ owed }: Connection): boolean => [...owed].some(({ complete }) => complete);

/** For every request, as soon as it is there. */
export function noteRequest({ raw }: FastifyRequest, { raw: response }: FastifyReply): void {
  const connection = connectionOf(raw.socket);
  connection.owed.add(raw);
  response.once('close', () => {
    connection.owed.delete(raw);
    if (!isOwing(connection)) connection.whenAnswered?.();
  });
}

export function hangUpOf({ raw: { socket } }: FastifyRequest, { raw: response }: FastifyReply): HangUp {
  const hangUp = new CallerHangUp();
  const connection = connectionOf(socket);
  const end = (): void => {
    connection.underWay.delete(end);
    if (!response.writableFinished) hangUp.note();
  };
  connection.underWay.add(end);
  response.once('close', end);
  // Gone while it was found out who asks: nobody tells of that again.
  if (socket.destroyed) end();
  return hangUp;
}

/** Runs something once no answer is owed any more on a connection, at once if none is. */
export function whenAnswered(socket: Socket, run: () => void): void {
  const connection = connections.get(socket);
  if (connection === undefined || !isOwing(connection)) run();
  else connection.whenAnswered = run;
}
