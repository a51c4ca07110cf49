/** `verify: true`: a yes of GenAuth's is believed once the sessions are seen to be gone. */
import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '../errors';
import type { LineChange, Settlement } from './kick-line.repository';
import type { ReadBack } from './read-back';

/** A session is read so often before it counts as still there. */
const MAX_READS = 3;
/** Between the reads: time for a session to end everywhere in GenAuth. Milliseconds, times the number of the read. */
const WAIT_MS = 250;

type Outcome = Omit<Settlement, keyof LineChange>;

const VERIFIED: Outcome = { state: 'KICKED', code: null, message: null, verifiedOffline: true };
const UNREADABLE: Outcome = {
  state: 'KICKED',
  code: null,
  message: 'GenAuth confirmed the kick; reading it back failed.',
  verifiedOffline: null,
};
const STILL_ONLINE: Outcome = {
  state: 'FAILED',
  code: null,
  message: `GenAuth confirmed the kick, but the user was still online at each of ${MAX_READS} reads.`,
  verifiedOffline: false,
};

/** @returns null when it must stop before it knows; to be asked again later */
export async function verifyOffline(
  readBack: ReadBack,
  appIds: readonly string[],
  mustStop: () => boolean,
): Promise<Outcome | null> {
  let timesSeen = 0;
  for (let read = 1; read <= MAX_READS; read++) {
    if (mustStop()) return null;
    try {
      if (!(await readBack.isOnlineInAny(appIds))) return VERIFIED;
      timesSeen++;
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
    }
    if (read < MAX_READS) await delay(WAIT_MS * read);
  }
  if (mustStop()) return null;
  return timesSeen === MAX_READS ? STILL_ONLINE : UNREADABLE;
}
