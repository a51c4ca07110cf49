/** What GenAuth's answer means: the table between its codes and ours. Pure. */
import { AppError, ErrorCode, UntriedError, type ErrorFacts } from '../errors';
import { HungUpError } from '../hang-up';
import { isRecord } from '../is-record';
import { parseEnvelope, type Answer, type Envelope } from './wire';
import type { Redaction } from './redaction';
import type { TransportFailure } from './transport';

interface Meaning {
  code: ErrorCode;
  /** Whether GenAuth may have carried the call out all the same. */
  mayHaveTakenEffect: boolean;
}

const refusal = (code: ErrorCode): Meaning => ({ code, mayHaveTakenEffect: false });
const ambiguous = (code: ErrorCode): Meaning => ({ code, mayHaveTakenEffect: true });

/** The codes of docs/reference/error-code.md (GenAuth documentation) that decide whatever the status says. */
const BY_API_CODE: ReadonlyMap<number, Meaning> = new Map([
  [2011, refusal(ErrorCode.APP_NOT_FOUND)],
  [2004, refusal(ErrorCode.USER_NOT_FOUND)],
  // Signature: wrong, method, version, date malformed, missing or skewed, nonce used; and: not logged in.
  ...[1300, 1301, 1302, 1303, 1304, 1305, 1306, 2020].map(
    (apiCode) => [apiCode, refusal(ErrorCode.UPSTREAM_REFUSED_CREDENTIALS)] as const,
  ),
]);

/**
 * The others of that list, and of its predecessor's "system busy" (1000) and "no permission" (1001). Each says what was not found
 * or not allowed, and it isn't the user: a pool that doesn't exist (2224) must not read as if the user were gone.
 */
const OTHER_API_CODES: ReadonlySet<number> = new Set([
  1000, 1001, 1600, 1635, 1636, 1639, 1640, 1641, 1642, 1643, 1699, 1700, 1701, 1702, 1703, 1704, 1705, 1706, 1707,
  2005, 2006, 2031, 2039, 2040, 2058, 2224, 2333, 4021, 6001, 6002, 6003, 6004, 2120008, 2130010, 2820002,
]);

function meaningOfStatusCode(statusCode: number, apiCode: number | null): Meaning {
  if (statusCode === 401) return refusal(ErrorCode.UPSTREAM_REFUSED_CREDENTIALS);
  if (statusCode === 404 && !OTHER_API_CODES.has(apiCode ?? 0)) return refusal(ErrorCode.USER_NOT_FOUND);
  if (statusCode === 429) return refusal(ErrorCode.RATE_LIMITED);
  if (statusCode >= 400 && statusCode <= 499) return refusal(ErrorCode.REJECTED);
  if (statusCode >= 500 && statusCode <= 599) return ambiguous(ErrorCode.UPSTREAM_UNAVAILABLE);
  // 6xx tells of a third party that GenAuth called in between; others are not documented at all.
  return ambiguous(ErrorCode.REJECTED);
}

/** For answers whose body says nothing: only what HTTP itself defines. */
function meaningOfHttpStatus(httpStatus: number): Meaning {
  if (httpStatus === 401) return refusal(ErrorCode.UPSTREAM_REFUSED_CREDENTIALS);
  if (httpStatus === 429) return refusal(ErrorCode.RATE_LIMITED);
  if (httpStatus >= 400 && httpStatus <= 499) return refusal(ErrorCode.UPSTREAM_INVALID_RESPONSE);
  if (httpStatus >= 500) return ambiguous(ErrorCode.UPSTREAM_UNAVAILABLE);
  return ambiguous(ErrorCode.UPSTREAM_INVALID_RESPONSE);
}

const MAX_INT32 = 2_147_483_647;

/** The three forms of an HTTP date (RFC 9110, section 5.6.7), which `Date.parse` also takes much else for: "1.5" is a day in 2001. */
const HTTP_DATE = /^[A-Z][a-z]{2,8},? .*\d{2}:\d{2}:\d{2}/;

/** Retry-After in whole seconds, from either of its two forms (RFC 9110, section 10.2.3); null when it is neither. */
function parseRetryAfter(value: string | null, now: number): number | null {
  if (value === null) return null;
  if (/^\d+$/.test(value.trim())) return Math.min(Number(value), MAX_INT32);
  if (!HTTP_DATE.test(value)) return null;
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : Math.min(Math.max(0, Math.ceil((at - now) / 1000)), MAX_INT32);
}

const outOfForm = (httpStatus: number): string =>
  `GenAuth answered HTTP ${httpStatus} without its documented envelope.`;

function failed(
  meaning: Meaning,
  answer: Answer,
  envelope: Envelope | null,
  now: number,
): { isOk: false; error: AppError } {
  const facts: ErrorFacts = { mayHaveTakenEffect: meaning.mayHaveTakenEffect };
  const mayPass = meaning.code === ErrorCode.RATE_LIMITED || meaning.code === ErrorCode.UPSTREAM_UNAVAILABLE;
  if (mayPass) facts.retryAfterSeconds = parseRetryAfter(answer.retryAfter, now);
  const message = envelope?.message ?? outOfForm(answer.httpStatus);
  facts.statusCode = envelope?.statusCode ?? null;
  facts.apiCode = envelope?.apiCode ?? null;
  facts.upstreamRequestId = envelope?.requestId ?? null;
  return { isOk: false, error: new AppError(meaning.code, message, facts) };
}

export type AnswerReading<T> = { isOk: true; envelope: Envelope; data: T } | { isOk: false; error: AppError };

/** What `data` says: the value that the call documents, a documented no, or nothing that we can read. */
export type DataReading<T> = { value: T } | 'refused' | 'unreadable';

export interface ReadingRules<T> {
  readData: (data: unknown) => DataReading<T>;
  /** Makes texts of GenAuth's fit to be passed on. */
  redaction: Redaction;
  /** Milliseconds since the epoch, for Retry-After dates. */
  now: number;
}

/**
 * Reads any answer of the Management API. `apiCode` decides before `statusCode`, the envelope before the HTTP status;
 * a non-2xx is never a success, and an answer that contradicts itself is never a clear refusal.
 */
export function readAnswer<T>(answer: Answer, rules: ReadingRules<T>): AnswerReading<T> {
  const received = parseEnvelope(answer.body);
  if (received === null) return failed(meaningOfHttpStatus(answer.httpStatus), answer, null, rules.now);
  const { redaction } = rules;
  const { statusCode, apiCode, data } = received;
  const envelope = {
    statusCode,
    message: redaction.message(received.message),
    apiCode,
    requestId: redaction.requestId(received.requestId),
    data,
  };
  const byApiCode = envelope.apiCode === null ? undefined : BY_API_CODE.get(envelope.apiCode);
  const reading = rules.readData(data);
  const isYes = reading !== 'refused' && reading !== 'unreadable';
  if (statusCode !== 200) {
    const meaning = byApiCode ?? meaningOfStatusCode(statusCode, apiCode);
    // "Not done", it says, beside a status that tells no reason of its own: how much was not done?
    const isOpen = isYes || (reading === 'refused' && meaning.code === ErrorCode.REJECTED);
    return failed(isOpen ? ambiguous(meaning.code) : meaning, answer, envelope, rules.now);
  }
  const contradiction = byApiCode?.code ?? (OTHER_API_CODES.has(apiCode ?? 0) ? ErrorCode.REJECTED : null);
  if (contradiction !== null) return failed(ambiguous(contradiction), answer, envelope, rules.now);
  if (reading === 'refused') return failed(ambiguous(ErrorCode.REJECTED), answer, envelope, rules.now);
  const is2xx = answer.httpStatus >= 200 && answer.httpStatus <= 299;
  if (is2xx && isYes) return { isOk: true, envelope, data: reading.value };
  const { httpStatus } = answer;
  const doubt = ambiguous(meaningOfHttpStatus(httpStatus).code);
  // Its text tells of a success, which is not to be believed; its request id is good for asking GenAuth.
  const message = is2xx ? outOfForm(httpStatus) : `GenAuth answered HTTP ${httpStatus}, but success in its envelope.`;
  return failed(doubt, answer, { ...envelope, message }, rules.now);
}

/** `IsSuccessRespDto`: true is the one clear yes; false is a refusal of unknown extent. */
export function readSuccessFlag(data: unknown): DataReading<true> {
  const success = isRecord(data) ? data['success'] : undefined;
  if (success === true) return { value: true };
  return success === false ? 'refused' : 'unreadable';
}

const NOT_SENT: [ErrorCode, string, boolean] = [
  ErrorCode.UPSTREAM_UNAVAILABLE,
  'No connection to GenAuth; nothing was sent.',
  false,
];
const TRANSPORT: Record<Exclude<TransportFailure, 'hung-up'>, [ErrorCode, string, boolean]> = {
  'not-sent': NOT_SENT,
  stale: NOT_SENT,
  lost: [ErrorCode.UPSTREAM_UNAVAILABLE, 'The connection to GenAuth was lost after the request was sent.', true],
  timeout: [ErrorCode.UPSTREAM_TIMEOUT, 'GenAuth gave no complete answer in time.', true],
};

/** Failures that say GenAuth is down, not that it dislikes the request: 5xx, no answer in time, no connection. */
export const isOutage = (error: unknown): error is AppError =>
  error instanceof AppError &&
  !(error instanceof UntriedError) &&
  (error.code === ErrorCode.UPSTREAM_UNAVAILABLE || error.code === ErrorCode.UPSTREAM_TIMEOUT);

/** The meaning of an exchange that ended without an answer. */
export function fromTransport(failure: TransportFailure, cause: unknown): AppError {
  if (failure === 'hung-up') return new HungUpError(cause);
  const [code, message, mayHaveTakenEffect] = TRANSPORT[failure];
  return new AppError(code, message, { mayHaveTakenEffect, cause });
}
