import { setTimeout as delay } from 'node:timers/promises';

/** A server that is frozen never says that it has ended a connection. Nothing is under way on it any more. Milliseconds. */
const END_MS = 1000;

/** Says goodbye to PostgreSQL, and goes without an answer if none comes in time. */
export const endWithin = (connections: { end: () => Promise<void> }): Promise<void> =>
  Promise.race([connections.end(), delay(END_MS, undefined, { ref: false })]);
