/** `verify: true`: a yes of GenAuth's is believed once the sessions are seen to be gone. */
import { setTimeout as delay } from 'node:timers/promises';
import { AppError, ErrorCode } from '../errors';
import type { LineChange, Reading, Settlement } from './kick-line.repository';
import type { LineTools } from './line-tools';
import type { ReadBack } from './read-back';

/** A session is read so often before it counts as still there, or as not to be read. */
const MAX_READS = 3;
/** Readings that GenAuth wants to be made later are, so often. */
const MAX_POSTPONED = 100;
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
/** Seen online is not out, whatever could not be read before or after. */
function stillOnline(tried: string): Outcome {
  const seen = [...tried].filter((read) => read === 'o').length;
  const when = seen === MAX_READS ? `each of ${MAX_READS} reads` : `${seen} of ${MAX_READS} reads; the others failed`;
  const message = `GenAuth confirmed the kick, but the user was still online at ${when}.`;
  return { state: 'FAILED', code: null, message, verifiedOffline: false };
}

/**
 * @param reading goes on where it stands, and notes how far it has come
 * @returns null when it must stop before it knows; to be asked again later
 */
export async function verifyOffline(
  { readBack, mustStop }: Pick<LineTools, 'readBack' | 'mustStop'>,
  appIds: readonly string[],
  reading: Reading,
): Promise<Outcome | null> {
  for (let app = appIds[reading.done]; app !== undefined; app = appIds[reading.done]) {
    const tried = reading.tried.replaceAll('w', '');
    if (tried.length >= MAX_READS) return tried.includes('o') ? stillOnline(tried) : UNREADABLE;
    if (mustStop()) return null;
    const seen = await look(readBack, app);
    if (seen === 'offline') {
      reading.done++;
      reading.tried = '';
      continue;
    }
    if (seen === 'w' && reading.tried.length - tried.length < MAX_POSTPONED) {
      reading.tried += 'w';
      return null;
    }
    // It may only be unread because there was no time left to read it.
    if (seen === 'unsent' && mustStop()) return null;
    reading.tried += seen === 'o' ? 'o' : 'x';
    if (tried.length + 1 < MAX_READS) await delay(WAIT_MS * (tried.length + 1));
  }
  return VERIFIED;
}

/** As `reads_tried` has it (see migration 4); `w`: GenAuth wants to be asked later; `unsent`: it was not asked. */
async function look(readBack: ReadBack, appId: string): Promise<'offline' | 'o' | 'x' | 'w' | 'unsent'> {
  try {
    return (await readBack.isOnline(appId)) ? 'o' : 'offline';
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    if (error.code === ErrorCode.RATE_LIMITED) return 'w';
    return error.code === ErrorCode.UPSTREAM_UNAVAILABLE && !error.mayHaveTakenEffect ? 'unsent' : 'x';
  }
}
