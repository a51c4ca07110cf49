/** What the chain of records proves: any change, gap or cut is found and named. On both stores. */
import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { AuditLog } from '../../src/audit/audit-log';
import { RecordTarget, type AuditEntry } from '../../src/audit/audit-record';
import { eraseTarget } from '../../src/audit/audit.repository';
import { verifyTrail } from '../../src/audit/verify';
import type { Database } from '../../src/store/database';
import { describeOnEachStore, makeStore, openStore } from '../helpers/stores';
import { emptyTrail, tamper } from './tampering';

const silent = pino({ level: 'silent' });
const entry = (user: string): AuditEntry => ({
  id: randomUUID(),
  action: 'KICK_REQUESTED',
  actor: 'alice',
  issuer: 'https://issuer.example.com',
  requestId: 'r',
  reason: 'OTHER',
  ticket: 'Ünï-"1"',
  target: new RecordTarget('email', user),
  appIds: ['a', 'b'],
  details: { note: 'x', more: [1, null] },
});

/** Two gateways that write at the same time, one after another one. */
async function writeTrail(database: Database) {
  const first = new AuditLog(database, silent);
  for (let index = 0; index < 3; index++) await first.write(entry(`first-${index}@example.com`));
  await first.stop();
  const others = [new AuditLog(database, silent), new AuditLog(database, silent)];
  await Promise.all(
    others.flatMap((log, index) => [
      log.write(entry(`a${index}@example.com`)),
      log.write(entry(`b${index}@example.com`)),
    ]),
  );
  await Promise.all(others.map((log) => log.stop()));
}

/** The record with a number in the first chain. */
const RECORD = (seq: number) => `chain = (select chain from audit_events order by position limit 1) and seq = ${seq}`;

describeOnEachStore('a trail', (kind) => {
  let database: Database;
  beforeAll(async () => {
    database = await openStore(await makeStore(kind));
  });
  beforeEach(async () => {
    await emptyTrail(database);
    await writeTrail(database);
  });

  it('is whole as it was written, by several gateways at once', async () => {
    expect(await verifyTrail(database, [])).toEqual({ chains: 3, records: 10, erased: 0, faults: [] });
  });

  it.each([
    ['another actor', `update audit_events set actor = 'mallory' where ${RECORD(2)}`, 2, 'it was changed'],
    ['another time', `update audit_events set time = time + interval '1 ms' where ${RECORD(3)}`, 3, 'it was changed'],
    ['another app', `update audit_events set app_ids = '{a}' where ${RECORD(3)}`, 3, 'it was changed'],
    ['another hash', `update audit_events set hash = repeat('a', 64) where ${RECORD(2)}`, 2, 'it was changed'],
    ['another target', `update audit_events set target_id = 'x' where ${RECORD(2)}`, 2, 'its target was changed'],
    [
      'a target without its key',
      `update audit_events set target_key = null where ${RECORD(2)}`,
      2,
      'its target was emptied in part',
    ],
    [
      'the key of no target',
      `update audit_events set target_id = null where ${RECORD(2)}`,
      2,
      'its target was emptied in part',
    ],
    ['a record less', `delete from audit_events where ${RECORD(2)}`, 3, 'a record is missing before this one'],
    ['its first record gone', `delete from audit_events where ${RECORD(1)}`, 2, 'a record is missing before this one'],
  ])('with %s is broken there', async (_name, sql, seq, what) => {
    await tamper(database, sql);
    const { faults } = await verifyTrail(database, []);
    expect(faults).toEqual([{ chain: expect.any(String), seq, id: expect.any(String), what }]);
  });

  it('goes on behind a gap, and tells of another one and of what was changed there', async () => {
    const log = new AuditLog(database, silent);
    for (let index = 0; index < 6; index++) await log.write(entry(`late-${index}@example.com`));
    await log.stop();
    const [newest] = await database.query<{ chain: string; seq: number; hash: string }>(
      'select chain, seq, hash from audit_events order by position desc limit 1',
    );
    const { chain, seq } = newest!;
    const gap = `delete from audit_events where chain = '${chain}' and seq in (2, 3, 5)`;
    await tamper(database, gap);
    const missing = 'a record is missing before this one';
    const gaps = [4, 6].map((at) => ({ chain, seq: at, id: expect.any(String), what: missing }));
    const heads = [2, 5].map((at) => ({ chain, seq: at, hash: 'a' }));
    expect(await verifyTrail(database, [...heads, newest!])).toMatchObject({ records: 10 + seq - 3, faults: gaps });
    await tamper(database, `update audit_events set actor = 'mallory' where chain = '${chain}' and seq = 7`);
    const changed = { chain, seq: 7, id: expect.any(String), what: 'it was changed' };
    expect((await verifyTrail(database, [])).faults).toEqual([...gaps, changed]);
  });

  it('gives a chain up after a hundred gaps', async () => {
    const log = new AuditLog(database, silent);
    await Promise.all(Array.from({ length: 240 }, (_, index) => log.write(entry(`many-${index}@example.com`))));
    await log.stop();
    const newest = '(select chain from audit_events order by position desc limit 1)';
    await tamper(database, `delete from audit_events where seq % 2 = 1 and chain = ${newest}`);
    const { faults } = await verifyTrail(database, []);
    expect(faults.map(({ seq }) => seq)).toEqual(Array.from({ length: 100 }, (_, index) => 2 * index + 2));
  });

  const GONE = 'it is known to have been written, and is gone';
  it('shows a tail that was cut off', async () => {
    await tamper(database, `delete from audit_events where ${RECORD(4)}`);
    expect((await verifyTrail(database, [])).faults).toEqual([
      expect.objectContaining({ seq: 4, id: null, what: GONE }),
    ]);
  });

  it('shows it by the chain begun after it, even if the list of heads was mended or dropped', async () => {
    await tamper(database, `delete from audit_events where ${RECORD(4)}; delete from audit_chains`);
    expect((await verifyTrail(database, [])).faults).toEqual([
      expect.objectContaining({ seq: 4, id: null, what: GONE }),
    ]);
  });

  it('shows a whole chain that was dropped', async () => {
    const first = 'chain = (select chain from audit_events order by position limit 1)';
    await tamper(database, `delete from audit_chains where ${first}; delete from audit_events where ${first}`);
    expect((await verifyTrail(database, [])).faults).toEqual([
      expect.objectContaining({ seq: 4, id: null, what: GONE }),
    ]);
  });

  it('shows the cut tail of the newest chain by a head that was logged', async () => {
    const [head] = await database.query<{ chain: string; seq: number; hash: string }>(
      'select chain, seq, hash from audit_events order by position desc limit 1',
    );
    await tamper(
      database,
      `delete from audit_events where position = (select max(position) from audit_events); delete from audit_chains`,
    );
    expect((await verifyTrail(database, [])).faults).toEqual([]);
    expect((await verifyTrail(database, [head!])).faults).toEqual([
      { chain: head!.chain, seq: head!.seq, id: null, what: GONE },
    ]);
  });

  it('stays whole when a person is erased, and the person is gone', async () => {
    expect(await eraseTarget(database, 'email', 'first-1@example.com').next()).toMatchObject({ value: 1 });
    expect(await verifyTrail(database, [])).toMatchObject({ records: 10, erased: 1, faults: [] });
    const rows = await database.query<{ all: string }>('select array_agg(e::text)::text as all from audit_events e');
    expect(rows[0]?.all).toContain('first-0@example.com');
    expect(rows[0]?.all).not.toContain('first-1@example.com');
  });
});
