/** Records that can't be written at first: who is told, in which order they stand later, and when they are given up. */
import { pino } from 'pino';
import { AuditLog } from '../../src/audit/audit-log';
import { verifyTrail } from '../../src/audit/verify';
import type { Database } from '../../src/store/database';
import { eventually } from '../helpers/eventually';
import { failing } from '../helpers/failing-database';
import { captureLog } from '../helpers/start-app';
import { describeOnEachStore, makeStore, openStore } from '../helpers/stores';
import { actorsIn, outcome } from './standing';

const silent = pino({ level: 'silent' });
const FULL_DISK = { error: new Error('disk full'), isDone: false, where: /audit_events|takeUnlinkedHeads/ };

describeOnEachStore('records that can not be written', (kind) => {
  it.each(['before the first record of a chain', 'behind a record that stands'])(
    'are waited for until they have failed once, not until they stand: %s',
    async (where) => {
      const database = await openStore(await makeStore(kind));
      const { store, failNext, failed } = failing(database);
      const log = new AuditLog(store, silent);
      if (where === 'behind a record that stands') await log.write(outcome());
      failNext(FULL_DISK, Infinity);
      log.note(outcome());
      const settled = jest.fn();
      void log.settle().then(() => settled({ failed: failed(), waiting: log.waiting }));
      await eventually(() => settled.mock.calls.length > 0);
      expect(settled).toHaveBeenCalledWith({ failed: 1, waiting: 1 });
      failNext(FULL_DISK, 0);
      await eventually(() => log.waiting === 0);
      await log.stop();
      expect(await verifyTrail(database, [])).toMatchObject({ faults: [] });
    },
  );

  it('stand in the order in which they came, those first that failed before others came in', async () => {
    const database = await openStore(await makeStore(kind));
    let toCome: (() => void) | null = null;
    const store: Database = {
      ...database,
      query: async (sql, parameters) => {
        const come = toCome;
        toCome = null;
        // While the statement is under way.
        come?.();
        if (come !== null) throw new Error('disk full');
        return database.query(sql, parameters);
      },
    };
    const log = new AuditLog(store, silent);
    await log.write(outcome('zero'));
    toCome = () => ['three', 'four'].forEach((actor) => log.note(outcome(actor)));
    ['one', 'two'].forEach((actor) => log.note(outcome(actor)));
    await log.settle();
    expect(log.waiting).toBe(4);
    log.note(outcome('five'));
    await eventually(() => log.waiting === 0);
    await log.stop();
    expect(await actorsIn(database)).toEqual(['zero', 'one', 'two', 'three', 'four', 'five']);
    expect(await verifyTrail(database, [])).toMatchObject({ faults: [] });
  });

  it('are written at the end, too, once a database that was away is back', async () => {
    const database = await openStore(await makeStore(kind));
    const { store, failNext } = failing(database);
    const { log, logs } = captureLog();
    const records = new AuditLog(store, log);
    await records.write(outcome('before'));
    failNext(FULL_DISK, 3);
    records.note(outcome('at the end'));
    await records.stop();
    expect(await actorsIn(database)).toEqual(['before', 'at the end']);
    expect(logs.filter(({ msg }) => msg === 'audit record lost')).toEqual([]);
  });

  it('are logged as lost when they come after the end, and are not written behind its back', async () => {
    const database = await openStore(await makeStore(kind));
    const { log, logs } = captureLog();
    const records = new AuditLog(database, log);
    await records.write(outcome('before the end'));
    await records.stop();
    const late = outcome('after the end');
    records.note(late);
    expect(records.waiting).toBe(0);
    await eventually(() => logs.some(({ msg }) => msg === 'audit record lost'));
    expect(logs.filter(({ msg }) => msg === 'audit record lost')).toMatchObject([
      { level: 50, id: late.id, actor: 'after the end', action: 'KICK_SUCCEEDED', why: 'ended' },
    ]);
    expect(await actorsIn(database)).toEqual(['before the end']);
  });

  it('go in fewer at a time where one statement takes too long for all of them', async () => {
    const database = await openStore(await makeStore(kind));
    const sizes: number[] = [];
    const tooLong = (sql: string, parameters: readonly unknown[] = []): boolean => {
      if (!sql.includes('insert into audit_events')) return false;
      const rows: object[] = JSON.parse(String(parameters[0]));
      sizes.push(rows.length);
      return rows.length > 20;
    };
    const query: Database['query'] = async (sql, parameters, name) => {
      if (tooLong(sql, parameters)) throw new Error('Query read timeout');
      return database.query(sql, parameters, name);
    };
    const transaction: Database['transaction'] = (work) =>
      database.transaction((store) =>
        work({
          ...store,
          query: async (sql, parameters) => {
            if (tooLong(sql, parameters)) throw new Error('Query read timeout');
            return store.query(sql, parameters);
          },
        }),
      );
    const log = new AuditLog({ ...database, query, transaction }, silent);
    const actors = Array.from({ length: 40 }, (_, index) => `caller ${index}`);
    for (const actor of actors) log.note(outcome(actor));
    await eventually(() => log.waiting === 0, Boolean, 20_000);
    expect(await actorsIn(database)).toEqual(actors);
    expect(sizes[0]).toBe(41);
    await log.stop();
    expect(await verifyTrail(database, [])).toMatchObject({ faults: [] });
  });
});
