import { withPatience } from '../patience';
import type { Database } from './database';

/** A database that takes longer to answer is as good as gone. Milliseconds. */
const PATIENCE_MS = 1000;

/** One that takes no writes, as after a failover, is of no use to a kick: it must have its record. */
const QUESTION = `select current_setting('transaction_read_only') = 'on' as "isReadOnly"`;

/** The question under way, for each database: however many ask, it has one of them to answer. */
const asked = new WeakMap<Database, Promise<boolean>>();

function ask(database: Database): Promise<boolean> {
  const known = asked.get(database);
  if (known !== undefined) return known;
  const answered = database
    .query<{ isReadOnly: boolean }>(QUESTION)
    .then(
      ([answer]) => answer?.isReadOnly === false,
      () => false,
    )
    .finally(() => asked.delete(database));
  asked.set(database, answered);
  return answered;
}

/** Whether the database answers, now, and takes writes. */
export const isReachable = (database: Database): Promise<boolean> => withPatience(ask(database), PATIENCE_MS, false);
