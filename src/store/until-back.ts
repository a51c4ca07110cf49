/** Writes that outlast a database that is away: a restart, or a standby that takes over. */
import { setTimeout as delay } from 'node:timers/promises';
import { isAway } from './away';

/** Between two tries. Milliseconds. */
const EVERY_MS = 250;
/** What takes longer is left to whoever comes after. Milliseconds. */
const OUTAGE_MS = 60_000;

/**
 * Does it again while the database is away, a minute long: only for what may be done twice, as an answer may be all that was lost.
 * @param isOver asked after each failure: whether nobody may wait any more
 * @throws what the last try did
 */
export async function untilBack<T>(work: () => Promise<T>, isOver: () => boolean): Promise<T> {
  const endsAt = performance.now() + OUTAGE_MS;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isAway(error) || isOver() || performance.now() > endsAt) throw error;
    }
    await delay(EVERY_MS);
  }
}
