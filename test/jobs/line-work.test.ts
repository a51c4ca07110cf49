/** One line at a time, with GenAuth and the database in a test's hand: what is asked of each, and in what case. */
import { AppError, ErrorCode } from '../../src/errors';
import type { JobRow } from '../../src/jobs/kick-job.repository';
import type { LineChange, OwnedLine, Settlement } from '../../src/jobs/kick-line.repository';
import type { LineTools } from '../../src/jobs/line-tools';
import { LineWork } from '../../src/jobs/line-work';

const REPEATABLE_MS = 20_000;
const IN_DOUBT = new AppError(ErrorCode.UPSTREAM_TIMEOUT, 'no answer', { mayHaveTakenEffect: true });
const NO_READING = new AppError(ErrorCode.UPSTREAM_UNAVAILABLE, 'broken', { mayHaveTakenEffect: true });
const OF_OUR_KEY = new AppError(ErrorCode.UPSTREAM_REFUSED_CREDENTIALS, 'no access', { apiCode: 2020 });
const SENT_TWICE = new AppError(ErrorCode.UPSTREAM_REFUSED_CREDENTIALS, 'signature already used', { apiCode: 1306 });
const THIRD_PARTY = new AppError(ErrorCode.REJECTED, '601', { mayHaveTakenEffect: true, statusCode: 601 });
const AWAY = new AppError(ErrorCode.AUDIT_UNAVAILABLE, 'away');

type Kick = LineTools['kick'];

/** @param marks what comes of each mark "sent"; true after those @param reading what each reading says */
function start(options: {
  line?: Partial<OwnedLine>;
  state?: string;
  marks?: (boolean | AppError)[];
  kicks?: (AppError | null)[];
  reading?: boolean | AppError;
  mustStop?: () => boolean;
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
    mustStop: options.mustStop ?? (() => false),
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

it.each([
  ['ten times', 9, 'later', { what: 'saved', change: { calls: 'r', reading: { done: 0, tried: 'x'.repeat(10) } } }],
  ['and no more', 10, 'settled', { what: 'settled', change: { calls: 'u', state: 'UNKNOWN' } }],
])(
  'a reading that is refused for our key, which stops all calls, is made again %s',
  async (_times, tried, end, last) => {
    const line = { calls: 'r', attempts: 2, sent_ago_ms: REPEATABLE_MS + 1, reads_tried: 'x'.repeat(tried) };
    let asked = 0;
    // Before the line and before the reading all is well.
    const { work, written } = start({ line, reading: OF_OUR_KEY, mustStop: () => ++asked > 2 });
    expect(await work.run()).toBe(end);
    expect(written).toMatchObject([last]);
  },
);

it.each([
  ['is out', [SENT_TWICE], false, ['s'], { calls: 'k', state: 'KICKED' }],
  ['is online', [SENT_TWICE], true, ['s', 'r'], { calls: 'k', state: 'KICKED' }],
  [
    'is online all the same',
    [SENT_TWICE, SENT_TWICE],
    true,
    ['s', 'r'],
    { calls: 'u', state: 'UNKNOWN', code: ErrorCode.UPSTREAM_REFUSED_CREDENTIALS },
  ],
])(
  'a call whose signature GenAuth had had may have been carried out: the user %s',
  async (_where, kicks, reading, marks, settled) => {
    const { work, written } = start({ kicks: [...kicks], reading });
    expect(await work.run()).toBe('settled');
    expect(written.filter(({ what }) => what === 'sent').map(({ change }) => change.calls)).toEqual(marks);
    expect(written.at(-1)).toMatchObject({ what: 'settled', change: settled });
  },
);

it('a call in doubt that its repetition settles tells nothing of the call after it', async () => {
  const { work, written } = start({ line: { calls: '..' }, kicks: [IN_DOUBT, null, THIRD_PARTY, THIRD_PARTY] });
  expect(await work.run()).toBe('settled');
  expect(written.at(-1)).toMatchObject({ change: { calls: 'ku', state: 'UNKNOWN', code: ErrorCode.REJECTED } });
});

it.each([
  [
    'our key is counted',
    OF_OUR_KEY,
    8,
    'later',
    { what: 'saved', change: { calls: '.', reading: { done: 0, tried: 'x'.repeat(9) } } },
  ],
  [
    'our key fails the tenth time',
    OF_OUR_KEY,
    9,
    'settled',
    { what: 'settled', change: { calls: 'f', state: 'FAILED' } },
  ],
  [
    'GenAuth takes no more calls is counted by itself',
    new AppError(ErrorCode.RATE_LIMITED, 'later'),
    9,
    'later',
    { what: 'saved', change: { calls: '.', reading: { done: 0, tried: `${'x'.repeat(9)}w` } } },
  ],
  [
    'another reason counts nothing, and forgets nothing',
    new AppError(ErrorCode.UPSTREAM_UNAVAILABLE, 'nobody there'),
    9,
    'later',
    { what: 'saved', change: { calls: '.', reading: { done: 0, tried: 'x'.repeat(9) } } },
  ],
])('a call that is refused for %s, however often the line was sent', async (_why, error, refusals, end, last) => {
  const { work, written } = start({ line: { attempts: 50, reads_tried: 'x'.repeat(refusals) }, kicks: [error] });
  expect(await work.run()).toBe(end);
  expect(written.at(-1)).toMatchObject(last);
});
