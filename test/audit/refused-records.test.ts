/** A record that the database refuses for what is in it goes alone: it keeps no other one from being written. */
import { randomBytes } from 'node:crypto';
import { AuditLog } from '../../src/audit/audit-log';
import { LostRecords } from '../../src/audit/lost-record';
import { verifyTrail } from '../../src/audit/verify';
import type { Database } from '../../src/store/database';
import { eventually } from '../helpers/eventually';
import { captureLog } from '../helpers/start-app';
import { describeOnEachStore, makeStore, openStore } from '../helpers/stores';
import { actorsIn, outcome } from './standing';

/** More than an entry of an index may be long: SQLSTATE 54000. */
const tooLong = (): string => randomBytes(6000).toString('base64');

describeOnEachStore('a record that the database refuses', (kind) => {
  /** @param options.isOpen whether a record stands in the chain already */
  const start = async ({ isOpen = true } = {}) => {
    const store = await openStore(await makeStore(kind));
    const statements = jest.fn();
    const { log, logs } = captureLog();
    const database: Database = {
      ...store,
      query: (sql, parameters, name) => {
        statements();
        return store.query(sql, parameters, name);
      },
    };
    const counted = jest.fn();
    const records = new AuditLog(database, log, new LostRecords(log, counted));
    if (isOpen) await records.write(outcome('first'));
    return { store, records, logs, statements, counted };
  };
  const lostIn = (logs: readonly { msg?: unknown; id?: unknown }[]) =>
    logs.filter(({ msg }) => msg === 'audit record lost').map(({ id }) => id);

  it.each([
    ['behind a record that stands', true],
    ['at the beginning of a chain', false],
  ])('is given up, in the log, and those that came with it stand in their order: %s', async (_, isOpen) => {
    const { store, records, logs, statements, counted } = await start({ isOpen });
    const refused = outcome(tooLong());
    for (const entry of [outcome('a'), outcome('b'), refused, outcome('c')]) records.note(entry);
    await records.settle();
    expect(records.waiting).toBe(0);
    expect(await actorsIn(store)).toEqual([...(isOpen ? ['first'] : []), 'a', 'b', 'c']);
    expect(lostIn(logs)).toEqual([refused.id]);
    expect(counted.mock.calls).toEqual([['refused']]);
    // Nobody is alone in a statement for ever.
    statements.mockClear();
    for (const actor of ['d', 'e', 'f']) records.note(outcome(actor));
    await records.settle();
    expect(statements).toHaveBeenCalledTimes(1);
    await records.stop();
    expect(await verifyTrail(store, [])).toMatchObject({ faults: [] });
  });

  it('is refused to whoever waits for it, and to nobody else', async () => {
    const { store, records, logs } = await start();
    const actors = ['a', tooLong(), 'b'];
    const written = await Promise.allSettled(actors.map((actor) => records.write(outcome(actor))));
    expect(written.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await actorsIn(store)).toEqual(['first', 'a', 'b']);
    // They have been told.
    expect(lostIn(logs)).toEqual([]);
    await records.stop();
    expect(await verifyTrail(store, [])).toMatchObject({ faults: [] });
  });

  it('is one of which the database says that its data is wrong, too', async () => {
    const { store, records, logs } = await start();
    await store.run(`
      create function refuse() returns trigger language plpgsql as $$
      begin raise exception 'no such character' using errcode = '22P05'; end $$;
      create trigger refuse before insert on audit_events for each row when (new.actor = 'mallory') execute function refuse();
    `);
    const refused = outcome('mallory');
    for (const entry of [refused, outcome('a')]) records.note(entry);
    await records.settle();
    expect(await actorsIn(store)).toEqual(['first', 'a']);
    expect(lostIn(logs)).toEqual([refused.id]);
    await records.stop();
  });

  it('is none that breaks a constraint: all may, until it is mended', async () => {
    const { store, records, logs } = await start();
    await store.run(`alter table audit_events add constraint later check (actor <> 'a')`);
    for (const actor of ['a', 'b']) records.note(outcome(actor));
    await records.settle();
    expect(records.waiting).toBe(2);
    await store.run('alter table audit_events drop constraint later');
    await eventually(() => records.waiting === 0);
    expect(await actorsIn(store)).toEqual(['first', 'a', 'b']);
    expect(lostIn(logs)).toEqual([]);
    await records.stop();
  });
});
