/** What may be made later, read later or repeated: rule by rule. */
import { AppError, ErrorCode } from '../../src/errors';
import { MAX_PUT_OFF, mayBeMadeLater, mayBeReadLater, sentAtOf } from '../../src/jobs/untimely';
import type { OwnedLine } from '../../src/jobs/kick-line.repository';

const HOUR_MS = 3_600_000;
const jobOf = (hours: number) => ({ created_at: new Date(Date.now() - hours * HOUR_MS) });
const refusal = (code: ErrorCode) => new AppError(code, 'no');

describe('a clear no', () => {
  it.each<[ErrorCode, boolean]>([
    [ErrorCode.UPSTREAM_UNAVAILABLE, true],
    [ErrorCode.UPSTREAM_TIMEOUT, true],
    [ErrorCode.AUDIT_UNAVAILABLE, true],
    [ErrorCode.UPSTREAM_REFUSED_CREDENTIALS, true],
    [ErrorCode.RATE_LIMITED, true],
    [ErrorCode.REJECTED, false],
    [ErrorCode.USER_NOT_FOUND, false],
    [ErrorCode.APP_NOT_FOUND, false],
    [ErrorCode.UPSTREAM_INVALID_RESPONSE, false],
    [ErrorCode.INVALID_INPUT, false],
  ])('of %s: made later is %s', (code, isLater) => {
    expect(mayBeMadeLater(refusal(code), '', jobOf(0))).toBe(isLater);
  });

  it.each([
    ['a young job, tried often', 1, MAX_PUT_OFF + 50, true],
    ['an old job, tried little', 25, MAX_PUT_OFF - 1, true],
    ['a job of just under a day, tried often', 23.9, MAX_PUT_OFF, true],
    ['an old job, tried often', 25, MAX_PUT_OFF, false],
  ])('for now, of %s', (_what, hours, times, isLater) => {
    const refusals = `x${'w'.repeat(times)}x`;
    expect(mayBeMadeLater(refusal(ErrorCode.RATE_LIMITED), refusals, jobOf(hours))).toBe(isLater);
  });

  it('for our key is made later some times: GenAuth may refuse it for this user alone', () => {
    const isLater = (times: number) =>
      mayBeMadeLater(refusal(ErrorCode.UPSTREAM_REFUSED_CREDENTIALS), 'w'.repeat(150) + 'x'.repeat(times), jobOf(1));
    expect([isLater(1), isLater(9), isLater(10)]).toEqual([true, true, false]);
  });

  it('while GenAuth is away is made later however old the job is', () => {
    expect(mayBeMadeLater(refusal(ErrorCode.UPSTREAM_UNAVAILABLE), 'w'.repeat(150), jobOf(1000))).toBe(true);
  });
});

it.each([
  [ErrorCode.RATE_LIMITED, 100],
  [ErrorCode.UPSTREAM_UNAVAILABLE, 10],
  [ErrorCode.UPSTREAM_TIMEOUT, 10],
  [ErrorCode.UPSTREAM_REFUSED_CREDENTIALS, 10],
  [ErrorCode.REJECTED, 0],
  [ErrorCode.UPSTREAM_INVALID_RESPONSE, 0],
])('a reading that fails of %s is made again %i times', (code, times) => {
  for (let tried = 0; tried < times; tried++) expect(mayBeReadLater(refusal(code), tried)).toBe(true);
  expect(mayBeReadLater(refusal(code), times)).toBe(false);
});

it.each([
  ['never', null, null],
  ['three seconds ago', 3000, 7000],
  // The database's clock was set back: nobody knows how long ago, so nothing is repeated.
  ['in the future', -1, -Infinity],
])('a line that was sent %s', (_when, agoMs, sentAt) => {
  expect(sentAtOf({ sent_ago_ms: agoMs } as OwnedLine, 10_000)).toBe(sentAt);
});
