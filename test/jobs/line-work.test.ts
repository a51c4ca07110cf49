/** One line at a time, with GenAuth and the database in a test's hand: what is asked of each, and in what case. */
import { AppError, ErrorCode } from '../../src/errors';
import type { JobRow } from '../../src/jobs/kick-job.repository';
import type { LineChange, OwnedLine, Settlement } from '../../src/jobs/kick-line.repository';
import type { LineTools } from '../../src/jobs/line-tools';
import { LineWork } from '../../src/jobs/line-work';

const REPEATABLE_MS = 20_000;
const IN_DOUBT = new AppError(ErrorCode.UPSTREAM_TIMEOUT, 'no answer', { mayHaveTakenEffect: true });
const NO_READING = new AppError(ErrorCode.UPSTREAM_UNAVAILABLE, 'broken', { mayHaveTakenEffect: true });
const AWAY = new AppError(ErrorCode.AUDIT_UNAVAILABLE, 'away');

type Kick = LineTools['kick'];

/** @param marks what comes of each mark "sent"; true after those @param reading what each reading says */
function start(options: {
  line?: Partial<OwnedLine>;
  state?: string;
  marks?: (boolean | AppError)[];
  kicks?: (AppError | null)[];
  reading?: boolean | AppError;
}) {
  const { marks = [], kicks = [], reading = true } = options;
  const sendBys: number[] = [];
  const written: { what: 'sent' | 'saved' | 'settled'; change: LineChange | Settlement }[] = [];
  const kick: Kick = async (_request, { beforeSend, sendBy }) => {
    sendBys.push(sendBy);
    await beforeSend();
    const failure = kicks.shift();
    if (failure instanceof AppError) throw failure;
    return {} as Awaited<ReturnType<Kick>>;
  };
  const isOnlineInAny = async (): Promise<boolean> => {
    if (reading instanceof AppError) throw reading;
    return reading;
  };
  const note = (what: 'saved' | 'settled') => async (change: LineChange) => written.push({ what, change }) > 0;
  const tools = {
    kick,
    readBack: { isOnlineInAny },
    store: {
      markSent: async (change: LineChange) => {
        const mark = marks.shift() ?? true;
        if (mark instanceof AppError) throw mark;
        if (mark) written.push({ what: 'sent', change });
        return mark;
      },
      save: note('saved'),
      settle: note('settled'),
    },
    appIdsOf: () => ['app'],
    claimedAt: performance.now(),
    repeatableMs: REPEATABLE_MS,
    mustStop: () => false,
    isCancelled: async () => options.state === 'CANCELLING',
    drop: () => undefined,
    noteResolved: () => undefined,
  } as unknown as LineTools;
  const line = { line: 0, user_id: 'user', calls: '.', reads_done: 0, reads_tried: '', attempts: 0, code: null, message: null, sent_ago_ms: null, ...options.line }; // prettier-ignore
  const job = { id: 'job', state: options.state ?? 'RUNNING', app_ids: ['app'], verify: false, created_at: new Date() };
  return { work: new LineWork(job as unknown as JobRow, line, 'owner', tools), sendBys, written };
}

it('a repetition is sent while that is harmless, counted from the first sending; the first is sent at any time', async () => {
  const before = performance.now();
  const { work, sendBys, written } = start({ kicks: [IN_DOUBT] });
  expect(await work.run()).toBe('settled');
  expect(sendBys).toHaveLength(2);
  expect(sendBys[0]).toBe(Infinity);
  expect(sendBys[1]).toBeGreaterThanOrEqual(before + REPEATABLE_MS);
  expect(sendBys[1]).toBeLessThanOrEqual(performance.now() + REPEATABLE_MS);
  expect(written.map(({ what, change }) => [what, change.calls])).toEqual([
    ['sent', 's'],
    ['sent', 'r'],
    ['settled', 'k'],
  ]);
});

it('what a gateway that is gone sent too long ago is not sent again', async () => {
  const { work, sendBys, written } = start({ line: { calls: 's', attempts: 1, sent_ago_ms: REPEATABLE_MS + 1 } });
  expect(await work.run()).toBe('settled');
  expect(sendBys).toEqual([]);
  expect(written).toMatchObject([{ what: 'settled', change: { calls: 'u', state: 'UNKNOWN', attempts: 1 } }]);
});

it.each([
  ['goes on is read later: it may work again', 'RUNNING', 'later', 'saved'],
  ['is cancelled is UNKNOWN: who has cancelled wants an end of it', 'CANCELLING', 'settled', 'settled'],
])('a user who can not be read back, of a job that %s', async (_what, state, end, what) => {
  const line = { calls: 'r', attempts: 2, sent_ago_ms: 1000 };
  const { work, written } = start({ state, line, reading: NO_READING });
  expect(await work.run()).toBe(end);
  expect(written.map((each) => each.what)).toEqual([what]);
});

it.each([
  ['whose answer was lost', [AWAY], 'RUNNING', 'later', { what: 'saved', change: { calls: '.', isMarkInDoubt: true } }],
  [
    'that was refused, as the job is cancelled',
    [false],
    'CANCELLING',
    'settled',
    { what: 'settled', change: { state: 'SKIPPED', isMarkInDoubt: false } },
  ],
])('a mark "sent" %s: nothing was sent, and the row says so', async (_what, marks, state, end, last) => {
  const { work, written } = start({ marks, state });
  expect(await work.run()).toBe(end);
  expect(written).toMatchObject([last]);
});
