/** The closed list of codes that a mutation can answer with; `KickErrorCode` in the schema. */
export const ErrorCode = {
  INVALID_INPUT: 'INVALID_INPUT',
  USER_NOT_FOUND: 'USER_NOT_FOUND',
  APP_NOT_FOUND: 'APP_NOT_FOUND',
  REJECTED: 'REJECTED',
  RATE_LIMITED: 'RATE_LIMITED',
  UPSTREAM_TIMEOUT: 'UPSTREAM_TIMEOUT',
  UPSTREAM_UNAVAILABLE: 'UPSTREAM_UNAVAILABLE',
  UPSTREAM_INVALID_RESPONSE: 'UPSTREAM_INVALID_RESPONSE',
  UPSTREAM_REFUSED_CREDENTIALS: 'UPSTREAM_REFUSED_CREDENTIALS',
  AUDIT_UNAVAILABLE: 'AUDIT_UNAVAILABLE',
  IDEMPOTENCY_CONFLICT: 'IDEMPOTENCY_CONFLICT',
  JOB_NOT_FOUND: 'JOB_NOT_FOUND',
  JOB_FINISHED: 'JOB_FINISHED',
  TOO_MANY_JOBS: 'TOO_MANY_JOBS',
} as const;
export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode];

/** Codes of failures that may pass by themselves, so that the same call can succeed later. */
const RETRYABLE: ReadonlySet<ErrorCode> = new Set([
  ErrorCode.RATE_LIMITED,
  ErrorCode.UPSTREAM_TIMEOUT,
  ErrorCode.UPSTREAM_UNAVAILABLE,
  ErrorCode.AUDIT_UNAVAILABLE,
  ErrorCode.TOO_MANY_JOBS,
]);

/** One refused place in an input. It never carries the refused value. */
export interface InputFault {
  /** Where, from the top of the input: `['appIds', '3']`. */
  path: string[];
  message: string;
}

/** What is known about a failure beside its code; everything is optional but the message. */
export interface ErrorFacts {
  /** Seconds until another try makes sense. */
  retryAfterSeconds?: number | null;
  /** GenAuth's `statusCode`, from the envelope of its answer. */
  statusCode?: number | null;
  /** GenAuth's `apiCode`, from the envelope of its answer. */
  apiCode?: number | null;
  /** GenAuth's own id for the request. */
  upstreamRequestId?: string | null;
  /** True unless it is certain that GenAuth has not carried the call out. */
  mayHaveTakenEffect?: boolean;
  inputFaults?: InputFault[];
  cause?: unknown;
}

/** A failure that callers are told about, with a code from a closed list; everything else is a bug and is masked. */
export class AppError extends Error {
  override readonly name: string = 'AppError';
  readonly isRetryable: boolean;
  readonly retryAfterSeconds: number | null;
  readonly statusCode: number | null;
  readonly apiCode: number | null;
  readonly upstreamRequestId: string | null;
  readonly mayHaveTakenEffect: boolean;
  readonly inputFaults: InputFault[];
  /** The id of the audit record of the refused or failed action, once there is one. */
  auditId: string | null = null;

  constructor(
    readonly code: ErrorCode,
    message: string,
    facts: ErrorFacts = {},
  ) {
    super(message, { cause: facts.cause });
    this.isRetryable = RETRYABLE.has(code);
    this.retryAfterSeconds = facts.retryAfterSeconds ?? null;
    this.statusCode = facts.statusCode ?? null;
    this.apiCode = facts.apiCode ?? null;
    this.upstreamRequestId = facts.upstreamRequestId ?? null;
    this.mayHaveTakenEffect = facts.mayHaveTakenEffect ?? false;
    this.inputFaults = facts.inputFaults ?? [];
  }
}

/** Nothing was sent, as the caller had gone, or our own pace or the time forbade it: it says nothing about GenAuth. */
export class UntriedError extends AppError {
  override readonly name: string = 'UntriedError';
}

/** The input breaks a rule; nothing was sent. */
export class InvalidInputError extends AppError {
  override readonly name = 'InvalidInputError';
  constructor(inputFaults: InputFault[]) {
    super(ErrorCode.INVALID_INPUT, 'The input breaks one or more rules; see fieldErrors.', { inputFaults });
  }
}

/** The `code` of an error of Node's (ENOENT), of undici's, or of PostgreSQL's (its SQLSTATE); empty for everything else. */
export const codeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
