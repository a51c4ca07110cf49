import type { Database } from '../../src/store/database';

interface Failure {
  error: Error;
  /** Whether the database does what it was asked for before its answer is lost. */
  isDone: boolean;
  /** In the statement, or in the source of the transaction. */
  where: RegExp;
}

/** As pg says it when the server has gone in the middle of a statement. */
export const LOST = new Error('Connection terminated unexpectedly');

/** A database that fails in the way that it is told, before or after it has done what it was asked for. */
export function failing(database: Database) {
  let failure: Failure | null = null;
  let left = 0;
  let failed = 0;
  const fail = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    if (left === 0 || failure?.where.test(what) !== true) return work();
    const { error, isDone } = failure;
    left--;
    if (isDone) await work();
    failed++;
    throw error;
  };
  const store: Database = {
    ...database,
    query: (sql, parameters) => fail(sql, () => database.query(sql, parameters)),
    transaction: (work) => fail(String(work), () => database.transaction(work)),
  };
  return {
    store,
    /** @param times that it fails */
    failNext: (next: Failure, times = 1): void => {
      failure = next;
      left = times;
      failed = 0;
    },
    /** How often it has failed since it was told to. */
    failed: () => failed,
  };
}
