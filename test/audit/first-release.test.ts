/** Trails are kept for years: what the first release has hashed verifies with every later one. On both stores. */
import { hashRecord, hashTarget, NO_HASH, type AuditRow, type NewAuditRow } from '../../src/audit/audit-record';
import { insertRows } from '../../src/audit/audit.repository';
import { verifyTrail } from '../../src/audit/verify';
import { describeOnEachStore, makeStore, openStore } from '../helpers/stores';

const id = (last: number): string => `00000000-0000-4000-8000-00000000000${last}`;

// The hashes were made with sha256sum and openssl, from none of this repository's code: a writer and a verifier that change
// together would find each other right, and everything that was written before them changed.
const FULL: AuditRow = {
  id: id(1),
  chain: id(2),
  seq: 1,
  time: new Date('2026-01-02T03:04:05.678Z'),
  action: 'KICK_FAILED',
  actor: 'alice',
  issuer: 'https://issuer.example.com',
  request_id: 'request-1',
  follows: id(3),
  job_id: id(4),
  reason: 'OTHER',
  ticket: 'Ünï-"1"',
  target_type: 'email',
  target_hash: '12ed9a26df8c8b17377c3e68d147cc2b1dac60eee23d00676e27d36dcdc0ad8d',
  app_ids: ['a', 'b'],
  code: 'REJECTED',
  may_have_taken_effect: true,
  upstream_request_id: 'genauth-1',
  duration_ms: 12,
  details: '{"note":"x"}',
  previous_hash: NO_HASH,
  hash: '9183b96b932e1f1a907b14520d7f37e93592a989170f7e0a2c0d37a9d65902ce',
  target_id: 'alice@example.com',
  target_key: '0123456789abcdef'.repeat(4),
};
const SPARSE: AuditRow = {
  id: id(5),
  chain: id(2),
  seq: 2,
  time: new Date('2026-01-02T03:04:05.678Z'),
  action: 'RATE_LIMITED',
  actor: 'bob',
  issuer: 'https://issuer.example.com',
  request_id: 'request-2',
  follows: null,
  job_id: null,
  reason: null,
  ticket: null,
  target_type: null,
  target_hash: null,
  app_ids: null,
  code: null,
  may_have_taken_effect: null,
  upstream_request_id: null,
  duration_ms: null,
  details: null,
  previous_hash: FULL.hash,
  hash: 'b53fbdde781f25e484ff8727b90b274d8ab3632d50f94e82cf2fc830fbe30f28',
  target_id: null,
  target_key: null,
};

/** As it is on its way to the database: the time as text, and nothing where there will be null. */
const asSent = (row: AuditRow): NewAuditRow => {
  const { time, ...known } = Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)) as AuditRow;
  return { ...known, time: time.toISOString() } as NewAuditRow;
};

it.each([
  ['that has everything', FULL],
  ['that has nothing it need not have', SPARSE],
])('a record %s has the hash of the first release, as it is sent and as it is read', (_which, row) => {
  expect(hashRecord(row)).toBe(row.hash);
  expect(hashRecord(asSent(row))).toBe(row.hash);
});

it('a target has the hash of the first release', () => {
  expect(hashTarget(FULL.target_key!, 'email', FULL.target_id!)).toBe(FULL.target_hash);
});

describeOnEachStore('a trail of the first release', (kind) => {
  it('is whole, with its target and without', async () => {
    const database = await openStore(await makeStore(kind));
    const { chain, seq, hash } = SPARSE;
    await insertRows(database, [FULL, SPARSE].map(asSent), { chain, seq, hash });
    expect(await verifyTrail(database, [])).toEqual({ chains: 1, records: 2, erased: 0, faults: [] });
    await database.query('update audit_events set target_id = null, target_key = null where seq = 1');
    expect(await verifyTrail(database, [])).toEqual({ chains: 1, records: 2, erased: 1, faults: [] });
  });
});
