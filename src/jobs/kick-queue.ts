/** The engine: pg-boss, on the gateway's own database. It queues chunks, hands each to one gateway, and gives it to
 * another when that one does not come back in time. What a chunk means, it doesn't know. */
import PgBoss from 'pg-boss';
import type { Database, Queryable } from '../store/database';
import type { Logger } from '../observability/logger';
import { ChunkTimes } from './chunk-times';
import { parseChunk, writeChunk, type Chunk, type ChunkFormat } from './chunk';

const QUEUE = 'kick-chunks';

/** How often chunks that were not given back are looked for. Seconds. */
const MAINTENANCE_SECONDS = 2;
/** A chunk is handed out until it is done, however often its gateway dies. */
const RETRY_LIMIT = 1_000_000;
/** pg-boss takes no more. Seconds. */
const MAX_EXPIRY_SECONDS = 23 * 60 * 60;
/** A job may have to wait as long as GenAuth, or a key, is away. */
const RETENTION_DAYS = 365;
/** For an index over all chunks that wait. Milliseconds. */
const INDEX_MS = 60_000;
/** Before a chunk that was left alone is handed out again. Seconds. */
const STRANGE_SECONDS = 5;
/** Chunks in one statement. */
const INSERT_SIZE = 1000;

/** A chunk in the hands of this gateway. */
export interface HeldChunk extends Chunk {
  /** pg-boss's id. */
  id: string;
  /** How often it had been handed out before: tells this hold from that of whoever has it after its expiry. */
  round: number;
}

export interface QueueOptions {
  /** The format that new chunks are written in. */
  format: ChunkFormat;
  /** A chunk held longer than this is taken to be lost with its gateway. Milliseconds. */
  expiryMs: number;
}

/** pg-boss's way of asking, on a connection of ours: within a transaction, or on its own. */
const sqlOf = (store: Queryable): PgBoss.Db => ({
  executeSql: async (text, values = []) => {
    if (values.length > 0) return { rows: await store.query<object>(text, values) };
    // Without values it may be several statements, of which only single ones are read.
    if (/;\s*\S/.test(text)) {
      await store.run(text);
      return { rows: [] };
    }
    return { rows: await store.query<object>(text) };
  },
});

/** Whether it is still this hold's, and for how long the transaction lasts. */
export const isHeld = async (transaction: Queryable, { id, round }: HeldChunk): Promise<boolean> => {
  const rows = await transaction.query(
    `select id from pgboss.job where name = $1 and id = $2 and state = 'active' and retry_count = $3 for update`,
    [QUEUE, id, round],
  );
  return rows.length > 0;
};

export class KickQueue {
  private readonly boss: PgBoss;
  private readonly times: ChunkTimes;

  constructor(
    private readonly database: Database,
    private readonly options: QueueOptions,
    private readonly log: Logger,
  ) {
    this.boss = new PgBoss({
      db: sqlOf(database),
      schedule: false,
      maintenanceIntervalSeconds: MAINTENANCE_SECONDS,
    });
    this.times = new ChunkTimes(database, QUEUE, 2 * STRANGE_SECONDS);
    this.boss.on('error', (error) => log.warn({ reason: error.message }, 'the job queue has a fault'));
  }

  /** @param hasOrphans whether whatever is handed out belongs to a process that is gone, as in an embedded store */
  async start(hasOrphans: boolean): Promise<void> {
    await this.boss.start();
    await this.boss.createQueue(QUEUE, {
      name: QUEUE,
      policy: 'standard',
      retryLimit: RETRY_LIMIT,
      retryDelay: 0,
      retentionDays: RETENTION_DAYS,
    });
    await this.addIndex();
    if (hasOrphans) await this.giveBackOrphans();
  }

  /** Part of the transaction that accepts the job. Earlier chunks of any job go before later ones of another. */
  async add(transaction: Queryable, chunks: readonly Chunk[]): Promise<void> {
    const jobs = chunks.map((chunk) => this.toInsert(chunk));
    for (let start = 0; start < jobs.length; start += INSERT_SIZE) {
      await this.boss.insert(jobs.slice(start, start + INSERT_SIZE), { db: sqlOf(transaction) });
    }
  }

  /** Chunks that are this gateway's from now on, until it gives them back or `expiryMs` is over. @throws what the database does */
  async take(count: number): Promise<HeldChunk[]> {
    const sql = sqlOf(this.database);
    let answer: ReturnType<PgBoss.Db['executeSql']> = Promise.resolve({ rows: [] });
    const db: PgBoss.Db = { executeSql: (text, values) => (answer = sql.executeSql(text, values)) };
    const jobs = await this.boss.fetch<object>(QUEUE, { batchSize: count, includeMetadata: true, db });
    // pg-boss takes any failure for an empty queue.
    await answer;
    // Those that were found are not to be lost with it, and a database that has gone is noticed by the next look.
    if (jobs.length < count) await this.times.mend().catch(() => undefined);
    const strange: string[] = [];
    const chunks = jobs.flatMap(({ id, retryCount, data }) => {
      const chunk = parseChunk(data);
      if (chunk === null) strange.push(id);
      return chunk === null ? [] : [{ id, round: retryCount, ...chunk }];
    });
    if (chunks.length > 0) await this.holdAsLongAsHere(chunks);
    if (strange.length > 0)
      await this.leaveAlone(strange, 'chunks of jobs of a newer release are left to its gateways');
    // The engine chooses by order, but hands out in none.
    return chunks.toSorted((one, other) => one.from - other.from);
  }

  /** Whoever wrote a chunk may have had another time-out, and it would go to somebody else while its calls are under way. */
  private async holdAsLongAsHere(chunks: readonly HeldChunk[]): Promise<void> {
    await this.database.query(
      `update pgboss.job set expire_in = make_interval(secs => $3)
       where name = $1 and id = any ($2::uuid[]) and state = 'active' and expire_in <> make_interval(secs => $3)`,
      [QUEUE, chunks.map(({ id }) => id), this.expirySeconds],
    );
  }

  /** Chunks that are not to be worked off here: they go back, and do not hold up what is. */
  async leaveAlone(ids: readonly string[], why: string): Promise<void> {
    this.log.warn({ chunks: ids.length }, why);
    await this.database.query(
      `update pgboss.job set state = 'retry', start_after = now() + make_interval(secs => $3)
       where name = $1 and id = any ($2::uuid[]) and state = 'active'`,
      [QUEUE, [...ids], STRANGE_SECONDS],
    );
  }

  /**
   * The chunk is done with; whatever is left of it goes back, for any gateway. Without effect once another gateway has
   * it: pg-boss itself would let a late gateway complete the work of the next one.
   * @param waitMs before it is handed out
   */
  async giveBack(chunk: HeldChunk, rest: Chunk | null, waitMs: number): Promise<void> {
    await this.database.transaction(async (transaction) => {
      if (!(await isHeld(transaction, chunk))) return;
      const db = sqlOf(transaction);
      // Not completed: pg-boss would keep it for half a day, and look through all that it keeps every two seconds.
      await this.boss.deleteJob(QUEUE, chunk.id, { db });
      if (rest === null) return;
      // An interval, by the database's clock: ours may be another one.
      const startAfter = String(waitMs / 1000);
      await this.boss.insert([{ ...this.toInsert(rest), ...(waitMs > 0 && { startAfter }) }], { db });
    });
  }

  /** Lets statements under way finish; chunks must have been given back before. */
  stop(): Promise<void> {
    return this.boss.stop({ graceful: false, close: false, wait: false });
  }

  private get expirySeconds(): number {
    return Math.min(MAX_EXPIRY_SECONDS, Math.ceil(this.options.expiryMs / 1000));
  }

  private toInsert(chunk: Chunk): PgBoss.JobInsert {
    const expireInSeconds = this.expirySeconds;
    return { name: QUEUE, data: writeChunk(chunk, this.options.format), priority: -chunk.from, expireInSeconds };
  }

  /** pg-boss has none for the order in which it hands out, and would sort all that waits each time. */
  private async addIndex(): Promise<void> {
    const [index] = await this.database.query<{ isThere: boolean }>(
      `select to_regclass('pgboss.kick_chunks_waiting') is not null as "isThere"`,
    );
    if (index?.isThere === true) return;
    await this.database.transaction((transaction) =>
      transaction.run(
        `create index if not exists kick_chunks_waiting on pgboss.job (name, priority desc, created_on, id)
         where state < 'active'`,
        INDEX_MS,
      ),
    );
  }

  private async giveBackOrphans(): Promise<void> {
    const orphans = await this.database.query<{ id: string }>(
      `select id from pgboss.job where name = $1 and state = 'active'`,
      [QUEUE],
    );
    if (orphans.length > 0) await this.boss.fail(QUEUE, orphans.map(({ id }) => id)); // prettier-ignore
  }
}
