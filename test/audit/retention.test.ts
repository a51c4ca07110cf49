/** When personal data is looked for: at the start and every hour, and no more once the gateway ends. */
import { pino } from 'pino';
import { AuditLog } from '../../src/audit/audit-log';
import type { AuditEntry } from '../../src/audit/audit-record';
import { AuditService } from '../../src/audit/audit.service';
import { Retention } from '../../src/audit/retention';
import type { Database } from '../../src/store/database';
import { eventually } from '../helpers/eventually';
import { fakeOnly } from '../helpers/fake-clock';
import { captureLog } from '../helpers/start-app';
import { makeStore, openStore } from '../helpers/stores';

const HOUR_MS = 60 * 60 * 1000;
const DAY_MS = 24 * HOUR_MS;
const NOW = Date.parse('2026-05-01T12:00:00Z');
const REQUEST: AuditEntry = {
  id: '00000000-0000-4000-8000-000000000001',
  action: 'KICK_REQUESTED',
  actor: 'alice',
  issuer: 'https://issuer.example.com',
  requestId: 'r',
};

let database: Database;
beforeAll(async () => {
  database = await openStore(await makeStore('embedded'));
});
afterEach(() => jest.useRealTimers());

/** @param erase answers how many records it has erased */
function start(days: number, erase: () => number | Promise<number>) {
  const clock = fakeOnly('setInterval', 'clearInterval', 'Date');
  clock.setSystemTime(NOW);
  const records = new AuditLog(database, pino({ level: 'silent' }));
  const audit = new AuditService(records, { isRequired: true }, () => 'mark', pino({ level: 'silent' }));
  const asked: Date[] = [];
  const { log, logs } = captureLog();
  const eraseBefore = async (before: Date): Promise<number> => {
    asked.push(before);
    return erase();
  };
  const retention = new Retention({ records: eraseBefore }, audit, days, log);
  return { clock, records, retention, asked, logs };
}

it('looks at the start and every hour, each time for what has become too old since, and no more once it is stopped', async () => {
  const { clock, records, retention, asked } = start(30, () => 0);
  expect(asked).toEqual([new Date(NOW - 30 * DAY_MS)]);
  await clock.advanceTimersByTimeAsync(HOUR_MS - 1);
  expect(asked).toHaveLength(1);
  await clock.advanceTimersByTimeAsync(1);
  await clock.advanceTimersByTimeAsync(HOUR_MS);
  expect(asked.slice(1)).toEqual([1, 2].map((hours) => new Date(NOW - 30 * DAY_MS + hours * HOUR_MS)));
  await records.stop();
  await retention.stop();
  clock.advanceTimersByTime(10 * HOUR_MS);
  expect(asked).toHaveLength(3);
  expect(clock.getTimerCount()).toBe(0);
});

it('looks again an hour after it could not', async () => {
  let failures = 1;
  const { clock, records, retention, asked, logs } = start(30, () => {
    if (failures-- > 0) throw new Error('gone');
    return 0;
  });
  await eventually(() => logs.length > 0);
  expect(logs).toMatchObject([{ level: 50, msg: 'personal data can not be erased', err: { message: 'gone' } }]);
  clock.advanceTimersByTime(HOUR_MS);
  expect(asked).toHaveLength(2);
  await retention.stop();
  await records.stop();
  expect(logs).toHaveLength(1);
});

it('finds nothing too old where data is kept for longer than there are dates', async () => {
  const { records, retention, asked } = start(1_000_000_000, () => 0);
  expect(asked).toEqual([new Date(0)]);
  await retention.stop();
  await records.stop();
});

it('is stopped between two batches, and has recorded what it erased until then', async () => {
  let finish = (): void => undefined;
  const { records, retention, asked, logs } = start(
    30,
    () => new Promise<number>((resolve) => (finish = () => resolve(1000))),
  );
  let isStopped = false;
  const stopping = retention.stop().then(() => (isStopped = true));
  await records.write(REQUEST);
  // That took longer than an end that waits for nothing.
  expect(isStopped).toBe(false);
  finish();
  await stopping;
  expect(asked).toHaveLength(1);
  await records.stop();
  const rows = await database.query<{ actor: string; details: string }>(
    `select actor, details from audit_events where action = 'TARGETS_ERASED'`,
  );
  const before = new Date(NOW - 30 * DAY_MS).toISOString();
  expect(rows).toEqual([{ actor: 'gateway', details: JSON.stringify({ records: 1000, before }) }]);
  await eventually(() => logs.some(({ msg }) => msg === 'personal data erased'));
});

it('does not look again while it is still at it, and its end waits for that', async () => {
  let isDone = (): void => undefined;
  const { clock, records, retention, asked } = start(30, () => new Promise((resolve) => (isDone = () => resolve(0))));
  await clock.advanceTimersByTimeAsync(3 * HOUR_MS);
  expect(asked).toHaveLength(1);
  isDone();
  await clock.advanceTimersByTimeAsync(HOUR_MS);
  expect(asked).toHaveLength(2);
  const stopped = jest.fn();
  const stopping = retention.stop().then(stopped);
  await clock.advanceTimersByTimeAsync(0);
  expect(stopped).not.toHaveBeenCalled();
  isDone();
  await stopping;
  await records.stop();
});

it('records what it erased before the database failed, each kind by its name, and goes on with the next', async () => {
  const records = new AuditLog(database, pino({ level: 'silent' }));
  const audit = new AuditService(records, { isRequired: true }, () => 'mark', pino({ level: 'silent' }));
  const { log, logs } = captureLog();
  /** Each batch in turn. */
  const erasing =
    (...batches: (number | Error)[]) =>
    async (): Promise<number> => {
      const next = batches.shift() ?? 0;
      if (next instanceof Error) throw next;
      return next;
    };
  const erasers = { records: erasing(1000, 2), outcomes: erasing(3, new Error('gone')), inputs: erasing(4) };
  const retention = new Retention(erasers, audit, 30, log);
  await eventually(() => logs.some(({ msg }) => msg === 'personal data erased'));
  await retention.stop();
  await records.stop();
  expect(logs).toMatchObject([
    { level: 50, msg: 'personal data can not be erased', what: 'outcomes', err: { message: 'gone' } },
    { level: 30, records: 1002, outcomes: 3, inputs: 4 },
  ]);
  const [told] = await database.query<{ details: string }>(
    `select details from audit_events where action = 'TARGETS_ERASED' order by position desc limit 1`,
  );
  expect(JSON.parse(told!.details)).toMatchObject({ records: 1002, outcomes: 3, inputs: 4 });
});
