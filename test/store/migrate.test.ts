/** A database that an older gateway has made is brought up to date, whatever is going on in it. */
import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { pino } from 'pino';
import { claimLines } from '../../src/jobs/kick-line.repository';
import { MIGRATIONS } from '../../src/store/migrations';
import { openDatabase } from '../../src/store/open-database';
import { openPostgres } from '../../src/store/postgres';
import { atEnd } from '../helpers/at-end';
import { eventually } from '../helpers/eventually';
import { makeJob } from '../helpers/make-job';
import { createDatabase } from '../helpers/postgres';
import { POSTGRES_URL, withPostgres } from '../helpers/stores';

/** The first ones that were released together. */
const OLDER = 4;
/** What a statement may take, otherwise. Seconds. */
const STATEMENT_SECONDS = 5;

async function connect(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  await client.connect();
  atEnd(() => client.end());
  return client;
}

/** As an older gateway leaves it. */
async function makeOlder(client: Client): Promise<void> {
  await client.query('create table gateway_migrations (id integer primary key, name text, applied_at timestamptz)');
  for (const { id, name, sql } of MIGRATIONS.slice(0, OLDER)) {
    await client.query(sql);
    await client.query('insert into gateway_migrations values ($1, $2, now())', [id, name]);
  }
}

withPostgres('an older database', () => {
  it('is changed once a writer lets it, even if that takes longer than a statement may', async () => {
    const url = await createDatabase(POSTGRES_URL!);
    const writer = await connect(url);
    await makeOlder(writer);
    await writer.query('begin');
    await writer.query('lock table kick_lines in row exclusive mode');

    const opening = openDatabase({ url, dataDir: '' }, pino({ level: 'silent' }));
    opening.catch(() => undefined);
    const observer = await connect(url);
    const waitingLong = async () => {
      const { rows } = await observer.query<{ query: string }>(
        `select query from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
           and query_start < clock_timestamp() - make_interval(secs => $1)`,
        [STATEMENT_SECONDS + 1],
      );
      return rows.length;
    };
    await eventually(waitingLong, (count) => count === 1, 30_000);
    await writer.query('commit');

    const database = await opening;
    atEnd(() => database.stop());
    const applied = await database.query<{ id: number }>('select id from gateway_migrations order by id');
    expect(applied.map(({ id }) => id)).toEqual(MIGRATIONS.map(({ id }) => id));
    // The usual time-out is that of every statement afterwards.
    const [row] = await database.query<{ timeout: string }>(`select current_setting('statement_timeout') as timeout`);
    expect(row).toEqual({ timeout: `${STATEMENT_SECONDS}s` });
  });

  it('is changed while older gateways work on jobs, and breaks none of their statements off', async () => {
    const url = await createDatabase(POSTGRES_URL!);
    await makeOlder(await connect(url));
    const log = pino({ level: 'silent' });
    const older = openPostgres(url, log);
    atEnd(() => older.stop());
    const jobs = await Promise.all(Array.from({ length: 3 }, () => makeJob(older, 200)));
    // So many that the making of an index takes a while.
    await older.query(
      `insert into kick_lines (job_id, line, user_id, calls, state)
       select $1, line, 'user-' || line, '.', 'PENDING' from generate_series(1000, 50000) as line`,
      [jobs[0]],
    );
    let isDone = false;
    let claims = 0;
    const working = jobs.map(async (job) => {
      for (; !isDone; claims++) await claimLines(older, job, 0, 49, randomUUID());
    });
    await eventually(() => claims > 10);
    const database = await openDatabase({ url, dataDir: '' }, log).finally(() => (isDone = true));
    atEnd(() => database.stop());
    await Promise.all(working);
  });
});
