/**
 * Somebody with all rights in the database knows how records are hashed, and hashes anew what they have changed: it is found
 * by what else knows the old hash. On both stores.
 */
import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { AuditLog } from '../../src/audit/audit-log';
import { hashRecord } from '../../src/audit/audit-record';
import { selectChainPiece, selectChains, type ChainHead } from '../../src/audit/audit.repository';
import { verifyTrail } from '../../src/audit/verify';
import type { Database } from '../../src/store/database';
import { describeOnEachStore, makeStore, openStore } from '../helpers/stores';
import { emptyTrail, tamper } from './tampering';

/** One gateway after another, each with the record that opens its chain and three more. */
async function writeTrail(database: Database): Promise<{ older: ChainHead; newest: ChainHead }> {
  for (let gateway = 0; gateway < 2; gateway++) {
    const log = new AuditLog(database, pino({ level: 'silent' }));
    for (let record = 0; record < 3; record++) {
      const who = { actor: 'alice', issuer: 'https://issuer.example.com', requestId: 'r' };
      await log.write({ ...who, id: randomUUID(), action: 'KICK_REQUESTED' });
    }
    await log.stop();
  }
  const [older, newest] = await selectChains(database);
  return { older: older!, newest: newest! };
}

/** Gives records of a chain another actor, each with the hash that it has then, and the hash of the one before. */
async function rewrite(database: Database, chain: string, from: number, to: number): Promise<void> {
  let previousHash: string | null = null;
  for (const row of await selectChainPiece(database, chain, from - 1, to - from + 1)) {
    const changed = { ...row, actor: 'mallory', previous_hash: previousHash ?? row.previous_hash };
    previousHash = hashRecord(changed);
    await tamper(
      database,
      `update audit_events set actor = 'mallory', previous_hash = '${changed.previous_hash}', hash = '${previousHash}'
       where id = '${row.id}'`,
    );
  }
}

const MEND = `update audit_chains c set head_hash = e.hash from audit_events e where e.chain = c.chain and e.seq = c.head_seq`;
const NOT_WRITTEN = 'it is not what was written';

describeOnEachStore('a tail that was hashed anew', (kind) => {
  let database: Database;
  let older: ChainHead;
  let newest: ChainHead;
  beforeAll(async () => {
    database = await openStore(await makeStore(kind));
  });
  beforeEach(async () => {
    await emptyTrail(database);
    ({ older, newest } = await writeTrail(database));
    expect((await verifyTrail(database, [older, newest])).faults).toEqual([]);
  });
  const faults = async (heads: ChainHead[]) => (await verifyTrail(database, heads)).faults;
  const faultAt = ({ chain }: ChainHead, seq: number, what: string) => [{ chain, seq, id: expect.any(String), what }];

  describe.each([
    ['of the last record alone', 4],
    ['of all records but the first', 2],
  ])('%s', (_which, from) => {
    beforeEach(() => rewrite(database, newest.chain, from, 4));

    it('is found by the list of heads, if that was left as it was', async () => {
      expect(await faults([])).toEqual(faultAt(newest, 4, NOT_WRITTEN));
      expect(await faults([newest])).toEqual(faultAt(newest, 4, NOT_WRITTEN));
    });

    it.each([
      ['mended', MEND],
      ['emptied', 'delete from audit_chains'],
    ])('is found by a head that was logged, and by nothing else, if the list was %s', async (_how, sql) => {
      await tamper(database, sql);
      expect(await faults([])).toEqual([]);
      expect(await faults([newest])).toEqual(faultAt(newest, 4, NOT_WRITTEN));
    });

    it('is found though the log was given a head of the new hash beside the old one', async () => {
      await tamper(database, MEND);
      const forged = (await selectChains(database)).find(({ chain }) => chain === newest.chain)!;
      expect(forged.hash).not.toBe(newest.hash);
      expect(await faults([newest, forged])).toEqual(faultAt(newest, 4, NOT_WRITTEN));
      expect(await faults([forged, newest])).toEqual(faultAt(newest, 4, NOT_WRITTEN));
    });
  });

  it('is found at the first record that a head is known of', async () => {
    const [third] = await selectChainPiece(database, newest.chain, 2, 1);
    await rewrite(database, newest.chain, 2, 4);
    await tamper(database, MEND);
    expect(await faults([third!, newest])).toEqual(faultAt(newest, 3, NOT_WRITTEN));
  });

  it('is found by the chain begun after it, if the list of heads was mended', async () => {
    await rewrite(database, older.chain, 4, 4);
    await tamper(database, MEND);
    expect(await faults([])).toEqual(faultAt(older, 4, NOT_WRITTEN));
  });

  it('is found by the record behind it, if that was left as it was', async () => {
    await rewrite(database, newest.chain, 2, 2);
    expect(await faults([])).toEqual(faultAt(newest, 3, 'it does not follow the record before it'));
  });
});
