/** The head of the chain is logged every minute in which it has moved: what the log has can't be mended in the database. */
import { randomUUID } from 'node:crypto';
import { AuditLog } from '../../src/audit/audit-log';
import { selectChains } from '../../src/audit/audit.repository';
import { eventually } from '../helpers/eventually';
import { fakeOnly } from '../helpers/fake-clock';
import { captureLog } from '../helpers/start-app';
import { makeStore, openStore } from '../helpers/stores';

const MINUTE_MS = 60_000;

afterEach(() => jest.useRealTimers());

it('logs the head after a minute in which it has moved, and at the end if it has moved since', async () => {
  const database = await openStore(await makeStore('embedded'));
  const { log, logs } = captureLog();
  const clock = fakeOnly('setInterval', 'clearInterval');
  const records = new AuditLog(database, log);
  const write = () =>
    records.write({ id: randomUUID(), action: 'KICK_REQUESTED', actor: 'alice', issuer: 'i', requestId: 'r' });
  /** Those in the log by now, which is written in order. */
  const heads = async () => {
    const mark = randomUUID();
    log.info(mark);
    await eventually(() => logs.some(({ msg }) => msg === mark));
    return logs.filter(({ msg }) => msg === 'audit head');
  };

  // Nothing is written, so there is no head.
  clock.advanceTimersByTime(MINUTE_MS);
  expect(await heads()).toEqual([]);

  await write();
  clock.advanceTimersByTime(MINUTE_MS - 1);
  expect(await heads()).toEqual([]);
  clock.advanceTimersByTime(1);
  const [first] = await selectChains(database);
  expect(await heads()).toMatchObject([{ level: 30, ...first, seq: 2 }]);

  // Without a write it stays where it is.
  clock.advanceTimersByTime(3 * MINUTE_MS);
  expect(await heads()).toHaveLength(1);

  await write();
  clock.advanceTimersByTime(MINUTE_MS);
  const [second] = await selectChains(database);
  expect((await heads()).slice(1)).toMatchObject([{ ...second, seq: 3 }]);

  await write();
  await records.stop();
  const [last] = await selectChains(database);
  expect((await heads()).slice(2)).toMatchObject([{ ...last, seq: 4 }]);
  expect(clock.getTimerCount()).toBe(0);
});
