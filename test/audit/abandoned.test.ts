/**
 * Requests of kicks that were told as not written. Where one stands all the same, the next chain says that nothing was done:
 * once, of those that stand only, and of no more than a gateway can remember. On both stores.
 */
import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import type { TimedEntry } from '../../src/audit/abandoned';
import { AuditChain } from '../../src/audit/audit-chain';
import { AuditLog } from '../../src/audit/audit-log';
import type { AuditEntry } from '../../src/audit/audit-record';
import { AuditService } from '../../src/audit/audit.service';
import { verifyTrail } from '../../src/audit/verify';
import type { Database } from '../../src/store/database';
import { failing, LOST } from '../helpers/failing-database';
import { describeOnEachStore, makeStore, openStore } from '../helpers/stores';

const silent = pino({ level: 'silent' });
const WHO = { actor: 'alice', issuer: 'https://issuer.example.com' };
const ANY_WRITING = /audit_events|takeUnlinkedHeads/;
/** So many are remembered. */
const MOST = 10_000;

async function start(kind: Database['kind']) {
  const database = await openStore(await makeStore(kind));
  const { store, failNext } = failing(database);
  const log = new AuditLog(store, silent);
  const audit = new AuditService(log, { isRequired: true }, () => 'mark', silent);
  const request = (requestId: string) => audit.before({ ...WHO, requestId, action: 'KICK_REQUESTED' });
  const fail = async (requestId: string, isDone: boolean): Promise<void> => {
    failNext({ error: LOST, isDone, where: ANY_WRITING });
    await expect(request(requestId)).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' });
  };
  return { database, log, request, fail };
}

/** All but openings, in their order. */
const recordsIn = async (database: Database): Promise<string[]> => {
  const rows = await database.query<{ record: string }>(
    `select action || ' ' || request_id as record from audit_events where action <> 'CHAIN_OPENED' order by position`,
  );
  return rows.map(({ record }) => record);
};

describeOnEachStore('a request that was told as not written', (kind) => {
  it('has one outcome, however many chains begin after it', async () => {
    const { database, log, request, fail } = await start(kind);
    await request('first');
    await fail('lost', true);
    await request('third');
    await fail('lost too', true);
    await request('fifth');
    await fail('lost at last', true);
    await request('seventh');
    await log.stop();
    expect(await recordsIn(database)).toEqual([
      'KICK_REQUESTED first',
      'KICK_REQUESTED lost',
      'KICK_FAILED lost',
      'KICK_REQUESTED third',
      'KICK_REQUESTED lost too',
      'KICK_FAILED lost too',
      'KICK_REQUESTED fifth',
      'KICK_REQUESTED lost at last',
      'KICK_FAILED lost at last',
      'KICK_REQUESTED seventh',
    ]);
    expect(await verifyTrail(database, [])).toMatchObject({ faults: [] });
  });

  it('has its outcome though the chain that was to tell of it could not be begun at first', async () => {
    const { database, log, request, fail } = await start(kind);
    await request('first');
    await fail('lost', true);
    await fail('refused', false);
    await request('fourth');
    await log.stop();
    expect(await recordsIn(database)).toEqual([
      'KICK_REQUESTED first',
      'KICK_REQUESTED lost',
      'KICK_FAILED lost',
      'KICK_REQUESTED fourth',
    ]);
    expect(await verifyTrail(database, [])).toMatchObject({ faults: [] });
  });

  it('has one outcome though the answer of the chain that told of it is lost as well', async () => {
    const { database, log, request, fail } = await start(kind);
    await request('first');
    await fail('lost', true);
    await fail('lost too', true);
    await request('fourth');
    await log.stop();
    expect((await recordsIn(database)).toSorted()).toEqual([
      'KICK_FAILED lost',
      'KICK_FAILED lost too',
      'KICK_REQUESTED first',
      'KICK_REQUESTED fourth',
      'KICK_REQUESTED lost',
      'KICK_REQUESTED lost too',
    ]);
    expect(await verifyTrail(database, [])).toMatchObject({ faults: [] });
  });

  it('and does not stand has no outcome: nobody asked, as far as the trail knows', async () => {
    const { database, log, request, fail } = await start(kind);
    await fail('refused at once', false);
    await request('second');
    await fail('refused', false);
    await request('fourth');
    await log.stop();
    expect(await recordsIn(database)).toEqual(['KICK_REQUESTED second', 'KICK_REQUESTED fourth']);
    expect(await verifyTrail(database, [])).toMatchObject({ faults: [] });
  });

  it('is remembered with ten thousand others, and only if it was one of a kick', async () => {
    const database = await openStore(await makeStore(kind));
    const { store, failNext } = failing(database);
    const chain = new AuditChain(store);
    const entry = (requestId: string, action: AuditEntry['action'] = 'KICK_REQUESTED'): AuditEntry => ({
      ...WHO,
      id: randomUUID(),
      requestId,
      action,
    });
    const timed = (entries: AuditEntry[]): TimedEntry[] => entries.map((each) => ({ entry: each, time: new Date() }));
    const standing = {
      job: entry('job', 'JOB_STARTED'),
      first: entry('first'),
      last: entry('last'),
      surplus: entry('surplus'),
    };
    failNext({ error: LOST, isDone: true, where: ANY_WRITING });
    await expect(chain.write(timed(Object.values(standing)))).rejects.toBe(LOST);

    chain.abandon(standing.job);
    chain.abandon(standing.first);
    for (let count = 2; count < MOST; count++) chain.abandon(entry('never written'));
    chain.abandon(standing.last);
    chain.abandon(standing.surplus);
    await chain.write(timed([entry('next')]));
    const told = ['KICK_FAILED first', 'KICK_FAILED last', 'KICK_REQUESTED next'];
    expect((await recordsIn(database)).slice(4)).toEqual(told);

    // Once they were looked for there is room again.
    failNext({ error: LOST, isDone: true, where: ANY_WRITING });
    const later = entry('later');
    await expect(chain.write(timed([later]))).rejects.toBe(LOST);
    chain.abandon(later);
    await chain.write(timed([entry('end')]));
    expect((await recordsIn(database)).slice(4)).toEqual([
      ...told,
      'KICK_REQUESTED later',
      'KICK_FAILED later',
      'KICK_REQUESTED end',
    ]);
    expect(await verifyTrail(database, [])).toMatchObject({ faults: [] });
  });
});
