/**
 * What statements over lines read: at most the whole table twice, as PostgreSQL does while a table is small, and never all of
 * a job for each line. Seen in the plans that were carried out, of jobs that PostgreSQL has no statistics of.
 */
import { randomUUID } from 'node:crypto';
import { Explained } from '../helpers/explained';
import { makeJob } from '../helpers/make-job';
import { describeOnEachStore, makeStore, openStore } from '../helpers/stores';
import {
  claimLines,
  markSent,
  saveCalls,
  settleLines,
  type LineChange,
  type Settlement,
} from '../../src/jobs/kick-line.repository';
import { skipUnsentLines } from '../../src/jobs/skip-unsent';
import { KickOutcomeState } from '../../src/jobs/kick-outcome-state.enum';
import type { Database, Queryable } from '../../src/store/database';

const LINES = 2000;
/** Lines of one statement. */
const BATCH = 100;

describeOnEachStore('statements over lines', (kind) => {
  let database: Database;
  let jobId: string;
  const owner = randomUUID();

  beforeEach(async () => {
    database = await openStore(await makeStore(kind));
  });

  /** A job of this gateway's. */
  const addJob = async (): Promise<void> => {
    jobId = await makeJob(database, LINES);
    for (let line = 0; line < LINES; line += BATCH) await claimLines(database, jobId, line, line + BATCH - 1, owner);
  };

  const changesOf = (lines: readonly number[]): LineChange[] =>
    lines.map((line) => {
      return {
        jobId,
        line,
        owner,
        attempts: 0,
        isMarkInDoubt: false,
        calls: 's',
        reading: { done: 0, tried: '' },
        failure: null,
      };
    });
  const settlementsOf = (lines: readonly number[]): Settlement[] =>
    changesOf(lines).map((change) => {
      return { ...change, state: KickOutcomeState.KICKED, code: null, message: null, verifiedOffline: null };
    });
  const all = Array.from({ length: LINES }, (_, line) => line);
  /** Spread over the job, as several chunks are under way at once. */
  const some = all.filter((line) => line % (LINES / BATCH) === 0);

  const WRITES: Record<string, (store: Queryable) => Promise<unknown>> = {
    claiming: (store) => claimLines(store, jobId, 0, BATCH - 1, owner),
    'marking as sent': (store) => markSent(store, changesOf(some)),
    'saving calls': (store) => saveCalls(store, changesOf(some)),
    settling: (store) => settleLines(store, settlementsOf(some)),
    skipping: (store) => skipUnsentLines(store, jobId),
  };
  /** What PostgreSQL knows of lines, all of which are of the job before. */
  const KNOWN: Record<string, () => Promise<unknown>> = {
    nothing: async () => undefined,
    'a job that is not settled': () => database.query('analyze kick_lines'),
    'a job that is settled': async () => {
      await settleLines(database, settlementsOf(all));
      await database.query('analyze kick_lines');
    },
  };
  const cases = Object.keys(WRITES).flatMap((write) => Object.keys(KNOWN).map((known) => [write, known] as const));

  it.each(cases)('%s, when PostgreSQL knows of %s', async (write, known) => {
    await addJob();
    await KNOWN[known]!();
    await addJob();
    const explained = new Explained(database, /^kick_lines$/);
    await WRITES[write]!(explained);
    expect(explained.rows).toBeGreaterThanOrEqual(BATCH);
    expect(explained.rows).toBeLessThanOrEqual(2 * 2 * LINES);
  });
});
