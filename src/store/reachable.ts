import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from './database';

/** A database that takes longer to say 1 is as good as gone. Milliseconds. */
const PATIENCE_MS = 1000;

/** Whether the database answers, now. */
export async function isReachable(database: Database): Promise<boolean> {
  const patience = new AbortController();
  const answered = database.query('select 1').then(
    () => true,
    () => false,
  );
  const gaveUp = delay(PATIENCE_MS, false, { signal: patience.signal }).catch(() => false);
  const result = await Promise.race([answered, gaveUp]);
  patience.abort();
  return result;
}
