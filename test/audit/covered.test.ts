/** The hash of a record covers all of it: whatever is changed in the database, the verifier finds. On both stores. */
import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { AuditLog } from '../../src/audit/audit-log';
import { RecordTarget, hashRecord, type AuditEntry, type AuditRow } from '../../src/audit/audit-record';
import { verifyTrail } from '../../src/audit/verify';
import type { Database } from '../../src/store/database';
import { describeOnEachStore, makeStore, openStore } from '../helpers/stores';
import { emptyTrail, tamper } from './tampering';

const ID = '00000000-0000-4000-8000-00000000000';

const sparse = (): AuditEntry => ({
  id: randomUUID(),
  action: 'KICK_REQUESTED',
  actor: 'alice',
  issuer: 'https://issuer.example.com',
  requestId: 'r',
});
const full = (): AuditEntry => ({
  ...sparse(),
  follows: `${ID}1`,
  jobId: `${ID}2`,
  reason: 'OTHER',
  ticket: 'INC-1',
  target: new RecordTarget('email', 'alice@example.com'),
  appIds: ['a', 'b'],
  code: 'REJECTED',
  mayHaveTakenEffect: true,
  upstreamRequestId: 'genauth-1',
  durationMs: 12,
  details: { note: 'x' },
});

/** What stands alone in a row. Of the other columns one can't be changed without another rule being broken first. */
type Column = Exclude<keyof AuditRow, 'chain' | 'seq' | 'previous_hash' | 'hash' | 'target_id' | 'target_key'>;

/** A value that neither of the two records has. */
const REQUIRED = {
  id: `'${ID}3'`,
  time: `time + interval '1 ms'`,
  action: `'KICK_SUCCEEDED'`,
  actor: `'mallory'`,
  issuer: `'https://other.example.com'`,
  request_id: `'another'`,
};
const OPTIONAL = {
  follows: `'${ID}4'`,
  job_id: `'${ID}5'`,
  reason: `'SUSPICIOUS_ACTIVITY'`,
  ticket: `'INC-2'`,
  target_type: `'phone'`,
  target_hash: `repeat('a', 64)`,
  app_ids: `'{a,c}'`,
  code: `'UNREACHABLE'`,
  may_have_taken_effect: 'false',
  upstream_request_id: `'genauth-2'`,
  duration_ms: '13',
  details: `'{"note":"y"}'`,
};
// A column that is added must be added here: the types say so.
const CHANGES: [Column, string][] = Object.entries({ ...REQUIRED, ...OPTIONAL } satisfies Record<Column, string>).map(
  ([column, value]) => [column as Column, value],
);
const OPTIONAL_CHANGES = CHANGES.filter(([column]) => column in OPTIONAL);

describeOnEachStore('a record', (kind) => {
  let database: Database;
  beforeAll(async () => {
    database = await openStore(await makeStore(kind));
  });
  /** Behind the opening one come a record that has everything, and one that has nothing it needn't have. */
  const [FULL, SPARSE] = [2, 3];
  beforeEach(async () => {
    await emptyTrail(database);
    const log = new AuditLog(database, pino({ level: 'silent' }));
    for (const entry of [full(), sparse()]) await log.write(entry);
    await log.stop();
  });
  const expectChanged = async (seq: number): Promise<void> =>
    expect((await verifyTrail(database, [])).faults).toEqual([
      { chain: expect.any(String), seq, id: expect.any(String), what: 'it was changed' },
    ]);

  it.each(CHANGES)('that is given another %s is found', async (column, value) => {
    await tamper(database, `update audit_events set ${column} = ${value} where seq = ${FULL}`);
    await expectChanged(FULL);
  });

  it.each(OPTIONAL_CHANGES)('that is robbed of its %s is found', async (column) => {
    await tamper(database, `update audit_events set ${column} = null where seq = ${FULL}`);
    await expectChanged(FULL);
  });

  it.each(OPTIONAL_CHANGES)('that is given the %s it never had is found', async (column, value) => {
    await tamper(database, `update audit_events set ${column} = ${value} where seq = ${SPARSE}`);
    await expectChanged(SPARSE);
  });

  it('whose target is erased is found all the same when the hash that stands for the target is another one', async () => {
    const change = `target_id = null, target_key = null, target_hash = repeat('a', 64)`;
    await tamper(database, `update audit_events set ${change} where seq = ${FULL}`);
    await expectChanged(FULL);
  });

  it('that is made to follow another one is found by its own hash', async () => {
    const rows = await database.query<AuditRow>('select * from audit_events where seq = $1', [FULL]);
    const hash = hashRecord({ ...rows[0]!, actor: 'mallory' });
    await tamper(
      database,
      `update audit_events set actor = 'mallory', hash = '${hash}' where seq = ${FULL};
       update audit_events set previous_hash = '${hash}' where seq = ${SPARSE}`,
    );
    await expectChanged(SPARSE);
  });

  it('belongs to its chain: one that was given another name is found, wherever that name stands', async () => {
    await tamper(database, `update audit_events set chain = '${ID}6'; update audit_chains set chain = '${ID}6'`);
    await expectChanged(1);
  });
});
