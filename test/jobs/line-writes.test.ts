/** What the statements about lines say, on both stores: by themselves, as whoever comes late meets them. */
import { randomUUID } from 'node:crypto';
import { someCircuitIsOpen } from '../../src/jobs/kick-job.repository';
import { claimLines, markSent, type LineChange } from '../../src/jobs/kick-line.repository';
import { SAID_EARLIER } from '../../src/jobs/line-outcomes';
import { skipUnsentLines } from '../../src/jobs/skip-unsent';
import type { Database } from '../../src/store/database';
import { makeJob } from '../helpers/make-job';
import { describeOnEachStore, makeStore, openStore } from '../helpers/stores';

interface Row {
  state: string;
  code: string | null;
  message: string | null;
}

describeOnEachStore('a line', (kind) => {
  let database: Database;
  beforeAll(async () => {
    database = await openStore(await makeStore(kind));
  });

  const cancelWith = async (row: { calls: string; tried?: string; code?: string; message?: string }) => {
    const jobId = await makeJob(database, 1);
    await database.query(
      'update kick_lines set calls = $2, reads_tried = $3, code = $4, message = $5 where job_id = $1',
      [jobId, row.calls, row.tried ?? '', row.code ?? null, row.message ?? null],
    );
    await skipUnsentLines(database, jobId);
    const [line] = await database.query<Row>('select state, code, message from kick_lines where job_id = $1', [jobId]);
    return line!;
  };

  it.each([
    ['s', 'sent and not answered'],
    ['ks', 'of which one call is not answered'],
    ['r', 'repeated and not answered'],
    ['.r', 'repeated and not answered, with a call before it to be made'],
  ])('of a cancelled job is left to be read back: %s, %s', async (calls) => {
    expect(await cancelWith({ calls })).toMatchObject({ state: 'PENDING' });
  });

  const REFUSED = { code: 'REJECTED', message: 'no' };
  it.each<[string, Parameters<typeof cancelWith>[0], Row]>([
    ['not begun', { calls: '..' }, { state: 'SKIPPED', code: null, message: 'the job was cancelled' }],
    [
      'begun',
      { calls: 'k.' },
      {
        state: 'SKIPPED',
        code: null,
        message: 'the job was cancelled between the calls for this user; some of the apps were done',
      },
    ],
    [
      'with a clear no beside a call in doubt',
      { calls: 'uf.', ...REFUSED },
      { state: 'FAILED', code: 'REJECTED', message: 'no (0 of the 3 calls for this user succeeded)' },
    ],
    [
      'with a call in doubt',
      { calls: 'ku.', ...REFUSED },
      { state: 'UNKNOWN', code: 'REJECTED', message: 'no (1 of the 3 calls for this user succeeded)' },
    ],
    [
      'with a no that nobody wrote down',
      { calls: 'f' },
      { state: 'FAILED', code: null, message: `${SAID_EARLIER} (0 of the 1 calls for this user succeeded)` },
    ],
    [
      'kicked and to be read back',
      { calls: 'kk' },
      {
        state: 'KICKED',
        code: null,
        message: 'GenAuth confirmed the kick; the job was cancelled before it was read back.',
      },
    ],
    [
      'kicked and seen online',
      { calls: 'kk', tried: 'o' },
      {
        state: 'FAILED',
        code: null,
        message: 'GenAuth confirmed the kick, but the user was still online when the job was cancelled.',
      },
    ],
  ])('of a cancelled job, %s', async (_what, row, told) => {
    expect(await cancelWith(row)).toEqual(told);
  });

  const sent = (jobId: string, owner: string): LineChange => {
    const reading = { done: 0, tried: '' };
    return { jobId, line: 0, owner, attempts: 0, isMarkInDoubt: false, calls: 's', reading, failure: null };
  };
  it.each([
    ['a gateway that lives', 'open', 5, true],
    ['a gateway that lives and finds out', 'half-open', 5, true],
    ['a gateway that gets answers', 'closed', 5, false],
    ['a gateway that has died', 'open', 11, false],
  ])('waits for GenAuth where the circuit of %s is %s', async (_whose, circuit, secondsAgo, isOpen) => {
    await database.query('delete from pace_gateways');
    await database.query(
      `insert into pace_gateways (id, demand, granted, expires_at, seen_at, info)
       values ($1, 0, 0, clock_timestamp(), clock_timestamp() - make_interval(secs => $2), jsonb_build_object('circuit', $3::text))`,
      [randomUUID(), secondsAgo, circuit],
    );
    expect(await someCircuitIsOpen(database)).toBe(isOpen);
  });

  const minutesAgo = async (jobId: string): Promise<number> => {
    const [line] = await database.query<{ minutes: number }>(
      'select extract(epoch from clock_timestamp() - sent_at)::float8 / 60 as minutes from kick_lines where job_id = $1',
      [jobId],
    );
    return Math.abs(Math.round(line!.minutes));
  };

  it.each([
    ['again by the client', 's', 10],
    ['a second time', 'r', 10],
    ['for the next apps', 'ks', 0],
  ])('that is sent %s counts as first sent when its call was', async (_how, calls, minutes) => {
    const jobId = await makeJob(database, 1);
    const owner = randomUUID();
    await claimLines(database, jobId, 0, 0, owner);
    const change = sent(jobId, owner);
    expect(await markSent(database, [change])).toHaveLength(1);
    await database.query(`update kick_lines set sent_at = sent_at - interval '10 minutes' where job_id = $1`, [jobId]);
    expect(await markSent(database, [{ ...change, attempts: 1, calls }])).toHaveLength(1);
    expect(await minutesAgo(jobId)).toBe(minutes);
  });

  it.each(['CANCELLING', 'CANCELLED', 'COMPLETED'])('of a job that is %s is not marked as sent', async (state) => {
    const jobId = await makeJob(database, 1);
    const owner = randomUUID();
    await claimLines(database, jobId, 0, 0, owner);
    await database.query('update kick_jobs set state = $2 where id = $1', [jobId, state]);
    const change = sent(jobId, owner);
    expect(await markSent(database, [change])).toEqual([]);
  });
});
