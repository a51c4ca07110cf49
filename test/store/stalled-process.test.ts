/** A process that stands still, as for a long document or on a busy machine, is not a database that is away. */
import { CallerLimit } from '../../src/limits/caller-limit';
import { patiently } from '../../src/observability/patient';
import { isReachable } from '../../src/store/reachable';
import { captureLog } from '../helpers/start-app';
import { makeStore, openStore, withPostgres } from '../helpers/stores';

/** Longer than anybody has patience with the database. Milliseconds. */
const STALL_MS = 1200;

/** What is asked now has its answer long before this process comes to read it. */
async function duringStall<T>(ask: () => Promise<T>): Promise<T> {
  const answer = ask();
  // Not before the question has gone.
  setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, STALL_MS));
  return answer;
}

withPostgres('a process that stood still', () => {
  it('reads what has come meanwhile before it runs out of patience', async () => {
    const store = await openStore(await makeStore('postgres'));
    const { log, logs } = captureLog();
    const limit = new CallerLimit(store, 5, log);
    const caller = { issuer: 'https://one.example', subject: 'alice' };
    const tellTime = patiently(() => store.query<{ one: number }>('select 1 as one'));
    // Connected, as a gateway is.
    await Promise.all([limit.take(caller), isReachable(store), tellTime()]);
    expect(await duringStall(() => isReachable(store))).toBe(true);
    expect(await duringStall(() => limit.take({ ...caller, subject: 'bob' }))).toBeNull();
    expect(logs.filter(({ level }) => Number(level) >= 40)).toEqual([]);
    const told = await duringStall(patiently(() => store.query<{ one: number }>('select 1 as one')));
    expect(told).toEqual([{ one: 1 }]);
    await limit.stop();
  });
});
