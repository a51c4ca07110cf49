/** What the rest of the gateway knows of its database: PostgreSQL, real or embedded, spoken to in the same SQL. */

export interface Queryable {
  /**
   * One statement. Values go in as parameters only. What comes back is the same on both stores for text, int4, float8,
   * boolean, timestamptz (a Date), jsonb and text[]; int8 is not, so statements cast it.
   * @param name of its own, for one that each kick needs: PostgreSQL then reads and plans it once for each connection
   */
  query: <Row>(sql: string, parameters?: readonly unknown[], name?: string) => Promise<Row[]>;
  /**
   * Several statements in one text, without parameters and without an answer.
   * @param timeoutMs for work on whole tables, within a transaction: how long it may take, where that isn't the usual
   */
  run: (sql: string, timeoutMs?: number) => Promise<void>;
}

export interface Database extends Queryable {
  /** `embedded`: in this process, and in no other one. */
  readonly kind: 'embedded' | 'postgres';
  /** All or nothing: whatever `work` throws rolls it back and is thrown on. Statements outside it do not belong to it. */
  transaction: <T>(work: (transaction: Queryable) => Promise<T>) => Promise<T>;
  /**
   * Calls back for each NOTIFY on a channel, and with `null` whenever some may have been missed (a lost connection that
   * stands again). @param channel an SQL identifier
   */
  listen: (channel: string, onMessage: (payload: string | null) => void) => Promise<() => Promise<void>>;
  /** Connections in use and callers that wait for one. */
  usage: () => { open: number; idle: number; waiting: number };
  /** Lets statements under way finish. */
  stop: () => Promise<void>;
}
