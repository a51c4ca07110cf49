/** Each code of GenAuth's list, where `statusCode` alone would read as if the user were gone. */
import { readAnswer, readSuccessFlag } from '../../src/genauth/failures';
import { Redaction } from '../../src/genauth/redaction';

const rules = { readData: readSuccessFlag, redaction: new Redaction([]), now: 0 };

function codeOf(apiCode: number | undefined) {
  const body = Buffer.from(JSON.stringify({ statusCode: 404, apiCode, message: 'm' }));
  const reading = readAnswer({ httpStatus: 200, retryAfter: null, body }, rules);
  return reading.isOk ? 'SUCCESS' : reading.error.code;
}

/** docs/reference/error-code.md (GenAuth documentation), without those that have a meaning of their own for us. */
const DOCUMENTED = [
  1600, 1635, 1636, 1639, 1640, 1641, 1642, 1643, 1699, 1700, 1701, 1702, 1703, 1704, 1705, 1706, 1707, 2005, 2006,
  2031, 2039, 2040, 2058, 2224, 2333, 4021, 6001, 6002, 6003, 6004, 2120008, 2130010, 2820002,
];

it.each(DOCUMENTED)('404 with apiCode %d is about something else than the user: REJECTED', (apiCode) => {
  expect(codeOf(apiCode)).toBe('REJECTED');
});

// Of the list before that one; nobody knows whether the API answers by it still.
it.each([1000, 1001])('and so is apiCode %d, nor is it a success beside 200', (apiCode) => {
  expect(codeOf(apiCode)).toBe('REJECTED');
  const body = Buffer.from(JSON.stringify({ statusCode: 200, apiCode, message: 'm', data: { success: true } }));
  const reading = readAnswer({ httpStatus: 200, retryAfter: null, body }, rules);
  expect(reading).toMatchObject({ isOk: false, error: { code: 'REJECTED', mayHaveTakenEffect: true } });
});

it.each([undefined, 2004, 9999])('404 with apiCode %p is about the user: USER_NOT_FOUND', (apiCode) => {
  expect(codeOf(apiCode)).toBe('USER_NOT_FOUND');
});

it.each([
  [401, undefined, 'UPSTREAM_REFUSED_CREDENTIALS'],
  [404, undefined, 'USER_NOT_FOUND'],
  [429, undefined, 'RATE_LIMITED'],
  [422, 2011, 'APP_NOT_FOUND'],
])('success: false beside %d and apiCode %p, which say why: %s, clearly', (statusCode, apiCode, code) => {
  const body = Buffer.from(JSON.stringify({ statusCode, apiCode, message: 'm', data: { success: false } }));
  const reading = readAnswer({ httpStatus: 200, retryAfter: null, body }, rules);
  expect(reading).toMatchObject({ isOk: false, error: { code, mayHaveTakenEffect: false } });
});

it.each([
  [429, 7],
  [503, 7],
  [400, null],
  [401, null],
  [301, null],
])('Retry-After beside HTTP %d is %p: where trying again is no use, it says nothing', (httpStatus, told) => {
  const reading = readAnswer({ httpStatus, retryAfter: '7', body: Buffer.from('') }, rules);
  expect(reading).toMatchObject({ isOk: false, error: { retryAfterSeconds: told } });
});
