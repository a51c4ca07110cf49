/** The database has written records, and its answer is lost: they stand once, and those after them are written. */
import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { pino } from 'pino';
import { AuditLog } from '../../src/audit/audit-log';
import { RecordTarget, type AuditEntry } from '../../src/audit/audit-record';
import { AuditService } from '../../src/audit/audit.service';
import { verifyTrail } from '../../src/audit/verify';
import { UserIdType } from '../../src/kick/user-id-type.enum';
import type { Database } from '../../src/store/database';
import { eventually } from '../helpers/eventually';
import { captureLog } from '../helpers/start-app';
import { describeOnEachStore, makeStore, openStore } from '../helpers/stores';

const entry = (): AuditEntry => ({
  id: randomUUID(),
  action: 'KICK_SUCCEEDED',
  actor: 'alice',
  issuer: 'https://issuer.example.com',
  requestId: 'r',
});

/** Carries everything out, and says of the next writing that it has failed. */
function losing(database: Database) {
  let isToLose = false;
  const lose = <T>(answer: T): T => {
    if (!isToLose) return answer;
    isToLose = false;
    throw new Error('Connection terminated unexpectedly');
  };
  const store: Database = {
    ...database,
    query: async (sql, parameters) => lose(await database.query(sql, parameters)),
    transaction: async (work) => lose(await database.transaction(work)),
  };
  return { store, loseNext: () => (isToLose = true) };
}

describeOnEachStore('an answer that is lost', (kind) => {
  it.each(['of the first statement of a chain', 'of a later statement'])('%s', async (which) => {
    const database = await openStore(await makeStore(kind));
    const { store, loseNext } = losing(database);
    const log = new AuditLog(store, pino({ level: 'silent' }));
    const all: AuditEntry[] = [];
    if (which === 'of a later statement') {
      all.push(entry());
      await log.write(all[0]!);
    }
    loseNext();
    const noted = [entry(), entry()];
    for (const each of noted) log.note(each);
    await eventually(() => log.waiting === 0);
    all.push(...noted, entry());
    await log.write(all.at(-1)!);
    await log.stop();

    const rows = await database.query<{ id: string }>(
      `select id from audit_events where action = 'KICK_SUCCEEDED' order by position`,
    );
    expect(rows).toEqual(all.map(({ id }) => ({ id })));
    expect(await verifyTrail(database, [])).toMatchObject({ faults: [] });
  });

  it('of a request that was told as not written: it stands with an outcome that says so', async () => {
    const database = await openStore(await makeStore(kind));
    const { store, loseNext } = losing(database);
    const silent = pino({ level: 'silent' });
    const log = new AuditLog(store, silent);
    const audit = new AuditService(log, { isRequired: true }, () => 'mark', silent);
    const { actor, issuer } = entry();
    const request = (requestId: string) =>
      audit.before({
        actor,
        issuer,
        requestId,
        action: 'KICK_REQUESTED',
        target: new RecordTarget(UserIdType.USER_ID, 'alice'),
      });
    await request('first');
    loseNext();
    await expect(request('lost')).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' });
    await request('third');
    await log.stop();

    const rows = await database.query<Record<string, unknown>>(
      `select r.request_id as of, o.action, o.code, o.may_have_taken_effect as effect, o.target_id as target
       from audit_events r left join audit_events o on o.follows = r.id where r.action = 'KICK_REQUESTED' order by r.position`,
    );
    expect(rows).toEqual([
      { of: 'first', action: null, code: null, effect: null, target: null },
      { of: 'lost', action: 'KICK_FAILED', code: 'AUDIT_UNAVAILABLE', effect: false, target: 'alice' },
      { of: 'third', action: null, code: null, effect: null, target: null },
    ]);
    expect(await verifyTrail(database, [])).toMatchObject({ faults: [] });
  });

  it('is a failure for whoever waits for it, as nothing may be done on a guess', async () => {
    const database = await openStore(await makeStore(kind));
    const { store, loseNext } = losing(database);
    const log = new AuditLog(store, pino({ level: 'silent' }));
    loseNext();
    await expect(log.write(entry())).rejects.toThrow('Connection terminated unexpectedly');
    await log.write(entry());
    await log.stop();
    expect(await verifyTrail(database, [])).toMatchObject({ records: 4, faults: [] });
  });
});

describe('a record that comes in the moment in which others fail', () => {
  /** The first writing hangs until it is told to fail. */
  function failing() {
    let fail = (): void => undefined;
    const failure = new Promise<never>((_, reject) => (fail = () => reject(new Error('gone'))));
    let isBroken = true;
    const query = async () => (isBroken ? failure : []);
    const database = { query, transaction: (work: (within: unknown) => Promise<unknown>) => work({ query }) };
    const failNow = (): void => {
      isBroken = false;
      fail();
    };
    return { database: database as unknown as Database, failNow };
  }

  it.each(Array.from({ length: 14 }, (_, ticks) => ticks))('%i ticks after it, is written', async (ticks) => {
    const { database, failNow } = failing();
    const log = new AuditLog(database, pino({ level: 'silent' }));
    const first = log.write(entry()).catch((error: Error) => error.message);
    await nextTurn();
    await nextTurn();
    failNow();
    for (let tick = 0; tick < ticks; tick++) await Promise.resolve();
    const second = log.write(entry()).catch((error: Error) => error.message);
    expect(await first).toBe('gone');
    // It stands, or was told with the others.
    expect([undefined, 'gone']).toContain(await second);
    await log.stop();
  });
});

it('records that a silent database never writes are in the log at the end, which goes on without them', async () => {
  const never = jest.fn(() => new Promise<never>(() => undefined));
  const { log, logs } = captureLog();
  const records = new AuditLog({ query: never, transaction: never } as unknown as Database, log);
  const noted = [entry(), entry()];
  records.note(noted[0]!);
  await eventually(() => never.mock.calls.length > 0);
  expect(records.waiting).toBe(1);
  // Nobody's clock is in it, which may be set back.
  const today = Date.now();
  jest.spyOn(Date, 'now').mockImplementation(() => today - 3_600_000);
  expect(records.lagMs).toBeGreaterThan(0);
  jest.restoreAllMocks();
  records.note(noted[1]!);
  await records.stop();
  const told = () => logs.filter(({ msg }) => String(msg).startsWith('audit record')).map(({ msg, id }) => [msg, id]);
  await eventually(() => told().length === 2);
  // The first is in a statement that may yet be carried out.
  expect(told()).toEqual([
    ['audit record may be lost', noted[0]!.id],
    ['audit record lost', noted[1]!.id],
  ]);
});
