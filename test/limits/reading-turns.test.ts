/** What callers read takes turns: there are few connections to the database, and kicks need them too. */
import { randomUUID } from 'node:crypto';
import { CallerHangUp } from '../../src/hang-up';
import { KickJobReadsService } from '../../src/jobs/kick-job-reads.service';
import type { JobRow } from '../../src/jobs/kick-job.repository';
import { ReadingTurns, UnreadError, type Reader } from '../../src/limits/reading-turns';
import { DatabaseAwayError } from '../../src/store/away';
import type { Database } from '../../src/store/database';
import { eventually } from '../helpers/eventually';
import { execute, kick } from '../helpers/execute';
import { startTestApp } from '../helpers/start-app';
import { describeOnEachStore, makeStore, openStore, sharedStore } from '../helpers/stores';

const reader = (subject: string, hangUp?: CallerHangUp): Reader => ({
  principal: { issuer: 'i', subject },
  ...(hangUp && { hangUp }),
});

/** A reading that ends when it is told to. */
function held(order: string[], name: string) {
  let end = (): void => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  const work = (): Promise<void> => {
    order.push(name);
    return ended;
  };
  return { work, end };
}

it('of a page of jobs, few are read at once, and all are', async () => {
  const database = await sharedStore();
  let reading = 0;
  let most = 0;
  const counted: Database = {
    ...database,
    query: async <Row>(sql: string, parameters?: readonly unknown[]) => {
      most = Math.max(most, ++reading);
      try {
        return await database.query<Row>(sql, parameters);
      } finally {
        reading--;
      }
    },
  };
  const outlook = { pausedReason: () => null, callsPerSecond: () => 1 };
  const reads = new KickJobReadsService(counted, new ReadingTurns(), outlook);
  const jobs = Array.from({ length: 50 }, () => ({ id: randomUUID() }) as JobRow);
  const page = { state: null, after: -1, limit: 100 };
  const answers = await Promise.all(
    jobs.flatMap((job) => [
      reads.progress(job, reader('a')),
      reads.outcomes(job, page, reader('a')).then(({ length }) => ({ total: length })),
    ]),
  );
  expect(answers.map(({ total }) => total)).toEqual(new Array(100).fill(0));
  expect(most).toBe(2);
});

describe('turns', () => {
  it('go from caller to caller, however much one of them asks for', async () => {
    const turns = new ReadingTurns();
    const order: string[] = [];
    const blockers = [held(order, 'first'), held(order, 'second')];
    const all = blockers.map(({ work }) => turns.read(reader('greedy'), work));
    const quick = (name: string) => async () => void order.push(name);
    for (let i = 0; i < 4; i++) all.push(turns.read(reader('greedy'), quick(`greedy ${i}`)));
    all.push(turns.read(reader('other'), quick('other')), turns.read(reader('third'), quick('third')));
    expect(order).toEqual(['first', 'second']);
    blockers[0]!.end();
    blockers[1]!.end();
    await Promise.all(all);
    expect(order.slice(2, 5)).toEqual(['greedy 0', 'other', 'third']);
    expect(order).toHaveLength(8);
  });

  it('are not taken for who has hung up', async () => {
    const turns = new ReadingTurns();
    const order: string[] = [];
    const blockers = [held(order, 'first'), held(order, 'second')];
    const blocked = blockers.map(({ work }) => turns.read(reader('a'), work));
    const hangUp = new CallerHangUp();
    const dropped = turns.read(reader('a', hangUp), async () => order.push('dropped'));
    const kept = turns.read(reader('a', new CallerHangUp()), async () => order.push('kept'));
    hangUp.note();
    for (const { end } of blockers) end();
    await expect(dropped).rejects.toMatchObject({ code: 'HUNG_UP' });
    await Promise.all([...blocked, kept]);
    expect(order).toEqual(['first', 'second', 'kept']);
  });

  it('are waited for by so many of one caller, and others have theirs all the same', async () => {
    const turns = new ReadingTurns();
    const blockers = [held([], ''), held([], '')];
    const all: Promise<unknown>[] = blockers.map(({ work }) => turns.read(reader('a'), work));
    for (let i = 0; i < 5000; i++) all.push(turns.read(reader('a'), async () => undefined));
    await expect(turns.read(reader('a'), async () => undefined)).rejects.toMatchObject({ code: 'TOO_MANY_READINGS' });
    all.push(turns.read(reader('b'), async () => undefined));
    for (const { end } of blockers) end();
    await Promise.all(all);
  });

  it.each([
    ['is away: each would find out by itself, seconds later', 'ECONNREFUSED', ['rejected', 'rejected', 'rejected']],
    ['only takes too long over some: others are read', '57014', ['fulfilled', 'fulfilled', 'fulfilled']],
  ])('end for all who wait when the database %s', async (_name, code, others) => {
    const turns = new ReadingTurns();
    const order: string[] = [];
    const blockers = [held(order, 'first'), held(order, 'second')];
    const broken = blockers.map(({ work }) =>
      turns.read(reader('a'), async () => {
        await work();
        throw Object.assign(new Error('away'), { code });
      }),
    );
    const waiting = ['a', 'b', 'b'].map((caller) => turns.read(reader(caller), async () => void order.push('read')));
    for (const { end } of blockers) end();
    const ends = await Promise.allSettled([...broken, ...waiting]);
    expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected', ...others]);
    for (const end of ends) if (end.status === 'rejected') expect(end.reason).toBeInstanceOf(DatabaseAwayError);
    expect(order.slice(2)).toEqual(others.filter((other) => other === 'fulfilled').map(() => 'read'));
    await expect(turns.read(reader('a'), async () => 'again')).resolves.toBe('again');
  });

  it('go on where failures of the database are far apart: one that is answered lies between them', async () => {
    const turns = new ReadingTurns();
    const fail = () => Promise.reject(Object.assign(new Error('away'), { code: 'ECONNREFUSED' }));
    await expect(turns.read(reader('a'), fail)).rejects.toBeInstanceOf(DatabaseAwayError);
    await turns.read(reader('a'), async () => undefined);
    const blocker = held([], '');
    const all = [turns.read(reader('a'), blocker.work), turns.read(reader('a'), fail)];
    const waiting = turns.read(reader('b'), async () => 'read');
    expect((await Promise.allSettled(all.slice(1))).map(({ status }) => status)).toEqual(['rejected']);
    blocker.end();
    expect(await waiting).toBe('read');
    await all[0];
  });

  it('go on after a reading that fails', async () => {
    const turns = new ReadingTurns();
    const broken = [1, 2, 3].map(() => turns.read(reader('a'), () => Promise.reject(new Error('no'))));
    expect((await Promise.allSettled(broken)).map(({ status }) => status)).toEqual(new Array(3).fill('rejected'));
    await expect(turns.read(reader('a'), async () => 7)).resolves.toBe(7);
  });
});

it('a caller who reads too much at once is told so, with the HTTP status for it', async () => {
  const app = await startTestApp();
  const tooMany = new UnreadError('TOO_MANY_READINGS', 'too many');
  jest.spyOn(ReadingTurns.prototype, 'read').mockRejectedValueOnce(tooMany);
  const { status, headers, errors } = await execute(app, '{ auditEvents { edges { cursor } } }');
  expect({ status, retryAfter: headers.get('retry-after'), errors }).toMatchObject({
    status: 429,
    retryAfter: '1',
    errors: [{ message: 'too many', extensions: { code: 'TOO_MANY_READINGS' } }],
  });
});

describeOnEachStore('a caller who reads without end and hangs up', (kind) => {
  it('holds up nobody’s kick, and what nobody waits for is not read', async () => {
    const store = await openStore(await makeStore(kind));
    let reads = 0;
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    const slow: Database = {
      ...store,
      query: async (sql, parameters, name) => {
        if (/from audit_events\s+where position </.test(sql)) {
          reads++;
          await released;
        }
        return store.query(sql, parameters, name);
      },
    };
    const app = await startTestApp({}, undefined, slow);
    const { demoUser, demoApp } = app.genauth.directory;
    const aliases = Array.from({ length: 20 }, (_, i) => `a${i}: auditEvents(first: 1) { edges { cursor } }`);
    const readers = Array.from({ length: 10 }, () => {
      const hangUp = new AbortController();
      const answer = execute(app, `{ ${aliases.join(' ')} }`, {}, { signal: hangUp.signal }).catch(() => 'hung up');
      return { hangUp, answer };
    });
    await eventually(() => reads === 2);
    const kicked = await kick(app, { userId: demoUser.userId, appIds: [demoApp.appId] });
    expect(kicked).toMatchObject({ success: true });
    for (const { hangUp } of readers) hangUp.abort();
    expect(await Promise.all(readers.map(({ answer }) => answer))).toEqual(new Array(10).fill('hung up'));
    // An answer to somebody else comes after the gateway has seen them go.
    await kick(app, { userId: demoUser.userId, appIds: [demoApp.appId] });
    release();
    const operations = () => app.logs.filter(({ msg, type }) => msg === 'operation' && type === 'query');
    await eventually(() => operations().length === 10);
    expect(reads).toBeLessThan(100);
    expect(app.logs.filter(({ msg }) => msg === 'unexpected error')).toEqual([]);
  });
});
