/** Writes to the lines of one job, from several gateways at once, in every order: none of them is broken off. */
import { randomUUID } from 'node:crypto';
import { makeJob } from '../helpers/make-job';
import { openStore, makeStore, withPostgres } from '../helpers/stores';
import { claimLines, markSent, saveCalls, settleLines, type LineChange } from '../../src/jobs/kick-line.repository';
import { skipUnsentLines } from '../../src/jobs/skip-unsent';
import type { Database } from '../../src/store/database';

/** As many as one statement writes. */
const LINES = 500;
const LAST = LINES - 1;

withPostgres('lines of one job', () => {
  /** Two gateways' connections. */
  let one: Database, other: Database;
  let jobId: string;
  const owner = randomUUID();

  beforeAll(async () => {
    const store = await makeStore('postgres');
    [one, other] = [await openStore(store), await openStore(store)];
  });
  beforeEach(async () => {
    jobId = await makeJob(one, LINES);
    // The last is the first in the table: in the order of the table is not in the order of the lines.
    await one.query('create temporary table backwards as select * from kick_lines where job_id = $1', [jobId]);
    await one.query('delete from kick_lines where job_id = $1', [jobId]);
    await one.query('insert into kick_lines select * from backwards order by line desc');
    await one.query('drop table backwards');
    await claimLines(one, jobId, 0, LAST, owner);
  });

  const changes = (calls = '.'): LineChange[] =>
    Array.from({ length: LINES }, (_, line) => {
      return {
        jobId,
        line,
        owner,
        attempts: 0,
        isMarkInDoubt: false,
        calls,
        reading: { done: 0, tried: '' },
        failure: null,
      };
    });
  const settlements = () =>
    changes('f').map((change) => ({
      ...change,
      state: 'FAILED' as const,
      code: null,
      message: null,
      verifiedOffline: null,
    }));

  type Write = (store: Database, isBackwards: boolean) => Promise<unknown>;
  const inOrder = <Item>(items: Item[], isBackwards: boolean): Item[] => (isBackwards ? items.toReversed() : items);
  const WRITES: Record<string, Write> = {
    claim: (store) => claimLines(store, jobId, 0, LAST, owner),
    'skip those unsent': (store) => skipUnsentLines(store, jobId),
    'mark as sent': (store, isBackwards) => markSent(store, inOrder(changes('s'), isBackwards)),
    save: (store, isBackwards) => saveCalls(store, inOrder(changes(), isBackwards)),
    settle: (store, isBackwards) => settleLines(store, inOrder(settlements(), isBackwards)),
  };
  const names = Object.keys(WRITES);
  const pairs = names.flatMap((name, index) => names.slice(index).map((second) => [name, second] as const));

  it.each(pairs)('%s, and %s', async (first, second) => {
    for (let round = 0; round < 10; round++) {
      await Promise.all([WRITES[first]!(one, false), WRITES[second]!(other, true), WRITES[first]!(one, true)]);
    }
    const open = await one.query<{ open: number }>(
      `select count(*)::integer as open from kick_lines where job_id = $1 and state = 'PENDING' and calls = '.'`,
      [jobId],
    );
    // What ends lines has ended all of them, what doesn't has ended none.
    const ends = ['skip those unsent', 'mark as sent', 'settle'];
    expect(open).toEqual([{ open: ends.includes(first) || ends.includes(second) ? 0 : LINES }]);
  });
});
