/** The progress of a job, live: what its watchers are told, how often, and what it costs. */
import { Readable } from 'node:stream';
import type { Database } from '../../src/store/database';
import { openStream, someEvents } from '../helpers/event-stream';
import { eventually } from '../helpers/eventually';
import { kick } from '../helpers/execute';
import { fakeOnly } from '../helpers/fake-clock';
import { startTestApp, startTestEmulator, type TestApp } from '../helpers/start-app';
import { describeOnEachStore, makeStore, openStore, withPostgres } from '../helpers/stores';
import { acceptedJob, finishedJob, readJob, run } from './jobs';
import { countsOf, watching, watchJob } from './watch';

const NOBODY = { total: 0, pending: 0, kicked: 0, failed: 0, unknown: 0, skipped: 0 };
const KICK_USERS = '/api/v3/kick-users';
const EVERY_MS = 250;

/** Users that the emulator doesn't know: each takes a call like any other. */
const strangers = (count: number) => Array.from({ length: count }, (_, index) => `stranger-${index}`);
const inputOf = ({ genauth }: TestApp, count: number) => ({
  userIds: strangers(count),
  appIds: [genauth.directory.demoApp.appId],
});

/** GenAuth refuses its key, and it knows: a job that it accepts stays where it is. */
async function startPaused(environment = {}, store?: Database): Promise<TestApp> {
  const genauth = await startTestEmulator();
  const app = await startTestApp({ GENAUTH_ACCESS_KEY_SECRET: 'wrong', ...environment }, genauth, store);
  const { demoUser, demoApp } = genauth.directory;
  const payload = await kick(app, { userId: demoUser.userId, appIds: [demoApp.appId] });
  expect(payload).toMatchObject({ code: 'UPSTREAM_REFUSED_CREDENTIALS' });
  return app;
}

describeOnEachStore('watching a job', (kind) => {
  let app: TestApp;
  beforeAll(async () => {
    const store = await openStore(await makeStore(kind));
    app = await startTestApp({ GENAUTH_MAX_RPS: '100' }, undefined, store);
  });
  beforeEach(() => app.genauth.faults.clear());

  it('tells the count of now, then changes at most four times a second, at last the final count, and completes', async () => {
    const id = await acceptedJob(app, inputOf(app, 200));
    const stream = await watchJob(app, id);
    expect(stream).toMatchObject({ status: 200, headers: { 'content-type': 'text/event-stream; charset=utf-8' } });
    const events = await stream.ended;
    const counts = countsOf(events);
    expect(counts[0].total).toBe(200);
    expect(counts.at(-1)).toEqual({ ...NOBODY, total: 200, failed: 200 });
    expect((await readJob(app, id)).progress).toEqual(counts.at(-1));
    const pending = counts.map((count) => count.pending);
    expect(pending).toEqual(pending.toSorted((one, other) => other - one));
    expect(counts.length).toBeGreaterThan(4);
    // An event that came late makes the gap behind it short; so all gaps are measured together, but for one.
    const tookMs = events.at(-2)!.atMs - events[0]!.atMs;
    expect(tookMs).toBeGreaterThan((counts.length - 2) * EVERY_MS);
  });

  it('that is finished is one event', async () => {
    const id = await acceptedJob(app, inputOf(app, 3));
    const { progress } = await finishedJob(app, id);
    expect(countsOf(await (await watchJob(app, id)).ended)).toEqual([progress]);
  });

  it('goes on after a break: who comes back is told the count of then, and the rest', async () => {
    app.genauth.faults.next({ kind: 'delay', ms: 3000 });
    const id = await acceptedJob(app, inputOf(app, 20));
    const first = await watchJob(app, id);
    await someEvents(first);
    first.hangUp();
    await expect(first.ended).rejects.toThrow();
    const again = await watchJob(app, id);
    const [now] = await someEvents(again);
    expect(now!.data.data.kickJobProgress.total).toBe(20);
    expect(countsOf(await again.ended).at(-1)).toEqual({ ...NOBODY, total: 20, failed: 20 });
  });

  it('that is cancelled ends with what became of its users', async () => {
    app.genauth.faults.always({ kind: 'delay', ms: 400 });
    const id = await acceptedJob(app, inputOf(app, 300));
    const stream = await watchJob(app, id);
    await eventually(() => app.genauth.receivedCount(KICK_USERS) > 0);
    await run(app, 'cancel-kick-job', { id });
    const last = countsOf(await stream.ended).at(-1);
    expect(last).toMatchObject({ total: 300, pending: 0, kicked: 0, unknown: 0, skipped: 300 - last.failed });
    expect((await readJob(app, id)).progress).toEqual(last);
  });
});

withPostgres('watching a job on another gateway than the one that works on it', () => {
  it('is told all the same, to the end', async () => {
    const { url } = await makeStore('postgres');
    const worker = await startTestApp({ DATABASE_URL: url!, GENAUTH_MAX_RPS: '10' });
    const other = await startPaused({ DATABASE_URL: url!, GENAUTH_MAX_RPS: '10' });
    other.genauth.clearReceived();
    const id = await acceptedJob(worker, inputOf(worker, 30));
    const streams = await Promise.all([watchJob(other, id), watchJob(worker, id)]);
    for (const stream of streams) {
      const counts = countsOf(await stream.ended);
      expect(counts.at(-1)).toEqual({ ...NOBODY, total: 30, failed: 30 });
      expect(counts.length).toBeGreaterThan(1);
    }
    expect(other.genauth.receivedCount(KICK_USERS)).toBe(0);
  });
});

describe('a job that stands still', () => {
  /** Statements about jobs so far. */
  let statements: string[];
  let sweep: () => void;
  let app: TestApp;
  let id: string;
  beforeAll(async () => {
    const store = await openStore(await makeStore('embedded'));
    const query: Database['query'] = (sql, parameters) => {
      if (/from kick_(jobs|lines)/.test(sql)) statements.push(sql);
      return store.query(sql, parameters);
    };
    statements = [];
    // Its pulse beats when the test says so.
    const clock = fakeOnly('setInterval', 'clearInterval');
    sweep = () => void clock.advanceTimersByTime(5000);
    app = await startPaused({}, { ...store, query });
    id = await acceptedJob(app, inputOf(app, 5));
  });
  afterAll(() => jest.useRealTimers());
  const hungUp = () => app.logs.filter(({ type }) => type === 'subscription').length;

  it('costs the same with a hundred watchers as with one: a reading every five seconds', async () => {
    const readings = async (watchers: number) => {
      const before = hungUp();
      const streams = await Promise.all(Array.from({ length: watchers }, () => watchJob(app, id)));
      for (const stream of streams) await someEvents(stream);
      statements.length = 0;
      for (let round = 1; round <= 3; round++) {
        sweep();
        await eventually(() => statements.length >= 2 * round);
      }
      await fetch(`${app.url}/readyz`);
      const made = statements.length;
      expect(streams.map(({ events }) => events.map(({ event }) => event))).toEqual(streams.map(() => ['next']));
      for (const { hangUp } of streams) hangUp();
      await eventually(() => hungUp() === before + watchers);
      return made;
    };
    expect([await readings(1), await readings(100)]).toEqual([6, 6]);
  });

  it('costs nothing once its watchers have hung up, even those who did so at once', async () => {
    const before = hungUp();
    const streams = await Promise.all(Array.from({ length: 5 }, () => watchJob(app, id)));
    await someEvents(streams[0]!);
    for (const { hangUp } of streams) hangUp();
    await eventually(() => hungUp() === before + 5);
    statements.length = 0;
    for (let round = 0; round < 3; round++) {
      sweep();
      expect((await fetch(`${app.url}/healthz`)).status).toBe(200);
    }
    expect(statements).toEqual([]);
  });

  it('costs nothing for watchers whose stream could not be begun', async () => {
    jest.spyOn(Readable, 'from').mockImplementationOnce(() => {
      throw new Error('a bug');
    });
    const bodies = [watching(id), watching(id, { extensions: [] })];
    const streams = await Promise.all(bodies.map((body) => openStream(app, body)));
    for (const { ended } of streams) await ended;
    expect(streams.map(({ status }) => status).sort()).toEqual([400, 500]);
    statements.length = 0;
    sweep();
    expect((await fetch(`${app.url}/healthz`)).status).toBe(200);
    expect(statements).toEqual([]);
  });

  it('does not hold up a gateway that stops: its streams end, but do not say that the job is over', async () => {
    const stream = await watchJob(app, id);
    const [first] = await someEvents(stream);
    expect(first!.data.data.kickJobProgress).toEqual({ ...NOBODY, total: 5, pending: 5 });
    const stopped = app.stop();
    expect((await stream.ended).map(({ event }) => event)).toEqual(['next']);
    await stopped;
  });
});
