import { createHash, createHmac } from 'node:crypto';

/** Stands for a user's id in the log: the same user gives the same mark, and the mark doesn't give the user away. */
export type Fingerprint = (userIdType: string, userId: string) => string;

/**
 * Keyed, as a plain hash of a phone number is guessed in seconds. The key is derived, so that all gateways of a user
 * pool make the same marks with nothing more to configure.
 */
export function createFingerprint(secret: string): Fingerprint {
  const key = createHash('sha256').update(`log fingerprint\0${secret}`).digest();
  return (userIdType, userId) =>
    createHmac('sha256', key).update(`${userIdType}\0${userId}`).digest('hex').slice(0, 12);
}
