/** Statements that must not read a whole table, however long it has become, and whatever PostgreSQL knows of it. */
import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { AuditLog } from '../../src/audit/audit-log';
import { eraseTarget, eraseTargetsBefore, selectEvents } from '../../src/audit/audit.repository';
import { KickQueue } from '../../src/jobs/kick-queue';
import { countJobsByState, countUsersBeside } from '../../src/jobs/jobs-under-way.repository';
import { listJobs } from '../../src/jobs/kick-job.repository';
import { eraseUsersBefore } from '../../src/jobs/kick-outcome.repository';
import type { Database } from '../../src/store/database';
import { Explained } from '../helpers/explained';
import { makeJob } from '../helpers/make-job';
import { describeOnEachStore, makeStore, openStore, withPostgres } from '../helpers/stores';

const RECORDS = 6000;
const NEVER = new Date(0);
const NO_JOB = '00000000-0000-4000-8000-000000000000';

describeOnEachStore('a database that has grown', (kind) => {
  let database: Database;
  beforeEach(async () => {
    database = await openStore(await makeStore(kind));
  });

  const addRecords = () =>
    database.query(
      `insert into audit_events (id, chain, seq, time, action, actor, issuer, request_id, target_type, target_hash,
         previous_hash, hash, target_id, target_key)
       select gen_random_uuid(), $1::uuid, n, now(), 'KICK_REQUESTED', 'actor', 'issuer', 'request', 'user_id', '', '', '',
         'canary', 'key' from generate_series(1, ${RECORDS}) as n`,
      [randomUUID()],
    );

  it('has its open jobs counted without a look at all lines for each', async () => {
    await makeJob(database, 1);
    await database.query('analyze');
    for (let job = 0; job < 20; job++) await makeJob(database, 300);
    const explained = new Explained(database, /^kick_lines$/);
    await countJobsByState(explained);
    expect(explained.rows).toBeGreaterThan(0);
    expect(explained.rows).toBeLessThan(3 * 20 * 300);
  });

  it.each(['nothing', 'everything'])(
    'has its open jobs found among the ended, if PostgreSQL knows %s',
    async (known) => {
      const id = await makeJob(database, 1);
      const columns =
        'issuer, subject, input_hash, format, state, user_id_type, app_ids, reason, verify, request_id, total';
      await database.query(
        `insert into kick_jobs (id, idempotency_key, ${columns}, finished_at)
       select gen_random_uuid(), n::text, ${columns}, case when n > 3 then now() end
       from kick_jobs, generate_series(1, $1::integer) as n`,
        [RECORDS],
      );
      if (known === 'everything') await database.query('analyze kick_jobs');
      const explained = new Explained(database, /^kick_jobs$/);
      await countUsersBeside(explained, id, 100);
      expect(explained.rows).toBeGreaterThanOrEqual(3);
      expect(explained.rows).toBeLessThanOrEqual(4);
    },
  );

  it('is not read as a whole where nothing is old enough to be erased', async () => {
    await addRecords();
    await makeJob(database, RECORDS);
    await database.query(`update kick_lines set state = 'KICKED', finished_at = now()`);
    const explained = new Explained(database, /^(audit_events|kick_lines)$/);
    await eraseTargetsBefore(explained, NEVER, 10);
    await eraseUsersBefore(explained, NEVER, 10);
    expect([explained.statements, explained.rows]).toEqual([2, 0]);
  });

  it.each(['nothing', 'everything'])(
    'has a page of it read by its key, if PostgreSQL knows %s of it',
    async (known) => {
      // Somebody whose records are the first half of the trail, and then nobody in particular.
      await database.query(
        `insert into audit_events (id, chain, seq, time, action, actor, issuer, request_id, job_id, previous_hash, hash, target_id)
       select gen_random_uuid(), $1::uuid, n, now(), 'KICK_REQUESTED', case when n <= $3 then 'left' else 'a' || n end, '', '',
         case when n <= $3 then $2::uuid else gen_random_uuid() end, '', '', case when n <= $3 then 'left' else 'u' || n end
       from generate_series(1, 2 * $3::integer) as n`,
        [randomUUID(), NO_JOB, RECORDS],
      );
      if (known === 'everything') await database.query('analyze audit_events');
      const nobody = { actor: null, userId: null, jobId: null };
      const filters = [
        nobody,
        { actor: 'left' },
        { userId: 'left' },
        { jobId: NO_JOB },
        { actor: 'left', jobId: NO_JOB },
      ];
      for (const filter of filters) {
        for (const before of [null, String(RECORDS / 2)]) {
          const explained = new Explained(database, /^audit_events$/);
          await selectEvents(explained, { ...nobody, ...filter }, before, 10);
          // Of two filters it has to know which one leaves fewer.
          const isGuess = known === 'nothing' && Object.keys(filter).length === 2;
          if (!isGuess) expect({ filter, before, rows: explained.rows }).toEqual({ filter, before, rows: 10 });
          const events = await selectEvents(database, { ...nobody, ...filter }, before, 10);
          const newest = before !== null ? RECORDS / 2 - 1 : filter === nobody ? 2 * RECORDS : RECORDS;
          expect(events.map(({ seq }) => seq)).toEqual(Array.from({ length: 10 }, (_, index) => newest - index));
        }
      }
    },
  );

  it.each(['nothing', 'everything'])(
    'has a caller’s jobs found by the caller, if PostgreSQL knows %s of them',
    async (known) => {
      // Somebody who started the first half of all jobs, and then nobody in particular.
      await database.query(
        `insert into kick_jobs (id, issuer, subject, idempotency_key, input_hash, format, state, user_id_type, app_ids, reason,
         verify, request_id, total, finished_at)
       select gen_random_uuid(), 'issuer', case when n <= $1::integer then 'left' else 'a' || n end, n::text, '', 1, 'COMPLETED',
         'USER_ID', '{}', 'OTHER', false, '', 1, now() from generate_series(1, 2 * $1::integer) as n`,
        [RECORDS],
      );
      if (known === 'everything') await database.query('analyze kick_jobs');
      const positions = async (owner: string | null, before: string | null = null): Promise<number[]> => {
        const explained = new Explained(database, /^kick_jobs$/);
        const whose = owner === null ? null : { issuer: 'issuer', subject: owner };
        await listJobs(explained, whose, before, 10);
        const jobs = await listJobs(database, whose, before, 10);
        expect({ owner, before, rows: explained.rows }).toEqual({ owner, before, rows: jobs.length });
        return jobs.map(({ position }) => Number(position));
      };
      const tenFrom = (newest: number) => Array.from({ length: 10 }, (_, index) => newest - index);
      expect(await positions('left')).toEqual(tenFrom(RECORDS));
      expect(await positions('left', '1000')).toEqual(tenFrom(999));
      expect(await positions('nobody')).toEqual([]);
      expect(await positions(null)).toEqual(tenFrom(2 * RECORDS));
      expect(await positions(null, '1000')).toEqual(tenFrom(999));
    },
  );

  it('has a user of many records erased some at a time', async () => {
    await addRecords();
    const erased: number[] = [];
    for await (const records of eraseTarget(database, 'user_id', 'canary')) erased.push(records);
    expect(erased).toEqual([5000, RECORDS - 5000]);
    const left = await database.query(
      'select seq from audit_events where target_id is not null or target_key is not null',
    );
    expect(left).toEqual([]);
  });

  it('has chunks handed out without a look at all that wait', async () => {
    let explained: Explained | null = null;
    const watched: Database = {
      ...database,
      query: <Row>(sql: string, parameters?: readonly unknown[]) =>
        (explained !== null && sql.includes('SKIP LOCKED') ? explained : database).query<Row>(sql, parameters),
    };
    const queue = new KickQueue(watched, { format: 1, expiryMs: 60_000 }, pino({ level: 'silent' }));
    await queue.start(false);
    try {
      const chunks = Array.from({ length: 2000 }, (_, from) => ({ jobId: randomUUID(), from, to: from }));
      await database.transaction((transaction) => queue.add(transaction, chunks));
      await database.query('analyze pgboss.job');
      explained = new Explained(database, /^(job|j[0-9a-f]+)$/);
      await queue.take(2);
      expect(explained.statements).toBe(1);
      expect(explained.rows).toBeGreaterThan(0);
      expect(explained.rows).toBeLessThan(20);
    } finally {
      await queue.stop();
    }
  });
});

withPostgres('the statement that each kick needs', () => {
  it('is read and planned once for a connection, however often it is sent', async () => {
    const database = await openStore(await makeStore('postgres'));
    const records = new AuditLog(database, pino({ level: 'silent' }));
    const entry = { action: 'FORBIDDEN', actor: 'canary', issuer: 'issuer', requestId: 'request' } as const;
    for (let count = 0; count < 9; count++) await records.write({ ...entry, id: randomUUID() });
    // One at a time, so that all had the same connection.
    const prepared = await database.query(
      'select (generic_plans + custom_plans)::integer as times, statement from pg_prepared_statements',
    );
    // The first one, which began the chain in a transaction, included.
    expect(prepared).toEqual([{ times: 9, statement: expect.stringContaining('insert into audit_events') as string }]);
    await records.stop();
  });
});
