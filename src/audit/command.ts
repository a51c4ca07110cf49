/** What the trail's commands have in common: the store that there is, one line for what went wrong, an exit code. */
import { pino } from 'pino';
import { readStoreConfig } from '../config';
import type { Logger } from '../observability/logger';
import type { Database } from '../store/database';
import { openWritten } from '../store/open-database';

/**
 * Runs a command on a store that a gateway has written to; any other one is refused, as an empty trail would pass for whole.
 * @param ask what is wanted, before anything is opened. @throws what is wrong with it, for whoever typed it
 * @param work resolves to the exit code
 */
export function runOnTrail<Wish>(
  ask: () => Wish | Promise<Wish>,
  work: (wish: Wish, database: Database, log: Logger) => Promise<number>,
): void {
  const run = async (): Promise<number> => {
    const wish = await ask();
    const log = pino({ level: 'silent' });
    const database = await openWritten(readStoreConfig(), log);
    try {
      return await work(wish, database, log);
    } finally {
      await database.stop();
    }
  };
  run().then(
    (code) => (process.exitCode = code),
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
      process.exitCode = 1;
    },
  );
}
