/** How the feed reads, where that can't be seen from outside: what changes during a reading, and who comes too late. */
import { pino } from 'pino';
import { ProgressFeed, type Snapshot } from '../../src/jobs/progress-feed';
import type { Database } from '../../src/store/database';
import { eventually } from '../helpers/eventually';
import { fakeOnly } from '../helpers/fake-clock';

const ID = '00000000-0000-4000-8000-000000000001';

/** One job with one user. Readings wait while `hold` says so. */
function makeDatabase() {
  const state = { isFinished: false, hold: Promise.resolve(), readings: 0, underWay: 0, most: 0 };
  let notify = (_jobId: string): void => undefined;
  const query = async (sql: string) => {
    if (/from kick_jobs/.test(sql)) return [{ finished_at: state.isFinished ? new Date() : null }];
    state.readings++;
    const lines = [{ state: state.isFinished ? 'KICKED' : 'PENDING', lines: 1 }];
    state.most = Math.max(state.most, ++state.underWay);
    await state.hold;
    // As a database answers.
    await new Promise((resolve) => setImmediate(resolve));
    state.underWay--;
    return lines;
  };
  const listen = async (_channel: string, onMessage: (jobId: string) => void) => {
    notify = onMessage;
    return async () => undefined;
  };
  return { state, notify: () => notify(ID), database: { query, listen } as unknown as Database };
}

afterEach(() => jest.useRealTimers());

async function startFeed() {
  // Nothing is read but what is asked for.
  fakeOnly('setInterval', 'clearInterval');
  const { database, state, notify } = makeDatabase();
  const feed = new ProgressFeed(database, pino({ level: 'silent' }));
  await feed.start();
  return { feed, state, notify };
}

it('a change that comes while the job is being read is read afterwards', async () => {
  const { feed, state, notify } = await startFeed();
  let release = () => undefined as void;
  state.hold = new Promise((resolve) => (release = resolve));
  const snapshots: (Snapshot | null)[] = [];
  feed.watch(ID, (snapshot) => void snapshots.push(snapshot));
  await eventually(() => state.readings === 1);
  state.isFinished = true;
  notify();
  release();
  await eventually(() => snapshots.length === 2);
  expect(snapshots.map((snapshot) => snapshot?.isFinished)).toEqual([false, true]);
  await feed.stop();
});

it('who comes when the gateway is stopping is told so', async () => {
  const { feed, state } = await startFeed();
  feed.end();
  const snapshots: (Snapshot | null)[] = [];
  feed.watch(ID, (snapshot) => void snapshots.push(snapshot));
  await eventually(() => snapshots.length > 0);
  expect([snapshots, state.readings]).toEqual([[null], 0]);
  await feed.stop();
});

it('jobs are read one after the other, as kicks need the connections', async () => {
  const { feed, state } = await startFeed();
  const told: string[] = [];
  const jobIds = ['first', 'second', 'third', 'fourth'];
  for (const jobId of jobIds) feed.watch(jobId, () => void told.push(jobId));
  await eventually(() => told.length === jobIds.length);
  expect([told, state.most]).toEqual([jobIds, 1]);
  await feed.stop();
});
