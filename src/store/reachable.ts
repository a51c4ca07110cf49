import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from './database';

/** A database that takes longer to say 1 is as good as gone. Milliseconds. */
const PATIENCE_MS = 1000;

/** The question under way, for each database: however many ask, it has one of them to answer. */
const asked = new WeakMap<Database, Promise<boolean>>();

function ask(database: Database): Promise<boolean> {
  const known = asked.get(database);
  if (known !== undefined) return known;
  const answered = database
    .query('select 1')
    .then(
      () => true,
      () => false,
    )
    .finally(() => asked.delete(database));
  asked.set(database, answered);
  return answered;
}

/** Whether the database answers, now. */
export async function isReachable(database: Database): Promise<boolean> {
  const patience = new AbortController();
  const gaveUp = delay(PATIENCE_MS, false, { signal: patience.signal }).catch(() => false);
  const result = await Promise.race([ask(database), gaveUp]);
  patience.abort();
  return result;
}
