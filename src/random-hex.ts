/** Random texts for nonces and keys. The system's generator is asked in bulk: a hundred of them cost it what one does. */
import { randomFillSync } from 'node:crypto';

const LENGTH_BYTES = 16;
const pool = Buffer.alloc(256 * LENGTH_BYTES);
let next = pool.length;

/** 128 random bits as 32 hexadecimal characters. */
export function randomHex(): string {
  if (next === pool.length) {
    randomFillSync(pool);
    next = 0;
  }
  const end = next + LENGTH_BYTES;
  const text = pool.toString('hex', next, end);
  // Nothing that was handed out is kept here.
  pool.fill(0, next, end);
  next = end;
  return text;
}
