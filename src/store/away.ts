/** Telling a database that can't be used now from a statement that it refuses for good, which is a bug of ours. */
import { AppError, codeOf, ErrorCode } from '../errors';
import { databaseFaultOf } from './database-fault';

/** Until then, asking a database that is away again is no use. */
export const RETRY_AFTER_SECONDS = 1;

/** Node's, while connecting and after. */
const OF_SOCKETS = /^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOST|ENET|ENOENT)/;
/**
 * Connections, logging in, a database that is not there, too little of something, operators and time-outs, the disk; a
 * server that may only read, as after a change of roles; a transaction in which we fell silent
 * (https://www.postgresql.org/docs/current/errcodes-appendix.html).
 */
const OF_POSTGRES = /^((08|28|3D|53|57|58)[0-9A-Z]{3}|25006|25P03)$/;
/** What pg and pg-pool say themselves, without a code. */
const OF_THE_DRIVER =
  /^(Connection terminated|Query read timeout|timeout (expired|exceeded)|Client (has encountered a connection error|was closed)|The server does not support SSL|There was an error establishing an SSL)/;

/**
 * Of all these, what passes without anybody's doing: no connection, none left, a server that starts up, shuts down or may only
 * read for now, a statement or a silence that took too long. And a change that was broken off, as it and an older gateway waited
 * for each other.
 */
const PASSING = /^(ECONN|EPIPE|EHOST|ENET|ENOTFOUND|EAI_|ETIMEDOUT|0800|25006|25P03|40P01|53300|55P03|57014|57P0)/;
const PASSING_OF_THE_DRIVER = /^(Connection terminated|Query read timeout|timeout (expired|exceeded))/;

/** There was no connection to be had. Whatever the reason (a certificate, a right that was taken away), it may pass by itself. */
export class NoConnectionError extends Error {
  override readonly name = 'NoConnectionError';
  /** Node's or PostgreSQL's; empty where it is the driver's. */
  readonly code: string;
  constructor(cause: unknown) {
    super(reasonOf(cause), { cause });
    this.code = codeOf(cause);
  }
}

/** The message of an error, whatever threw it. */
const reasonOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : '';

/** Whether an error of a {@link Database} may pass by itself. */
export function isAway(error: unknown): boolean {
  if (error instanceof NoConnectionError) return true;
  const code = codeOf(error);
  return code === '' ? OF_THE_DRIVER.test(reasonOf(error)) : OF_SOCKETS.test(code) || OF_POSTGRES.test(code);
}

/** Whether a start waits for it to pass. What an operator has to mend, such as a password or a pooler's settings, is told at once. */
export function isPassing(error: unknown): boolean {
  const code = codeOf(error);
  return code === '' ? PASSING_OF_THE_DRIVER.test(reasonOf(error)) : PASSING.test(code);
}

/** The database can't be used now. */
export class DatabaseAwayError extends AppError {
  override readonly name = 'DatabaseAwayError';
  /** Code and words of ours: the database's own texts name users and hosts. */
  readonly reason: string;
  constructor(message: string, cause: unknown) {
    super(ErrorCode.AUDIT_UNAVAILABLE, message, { cause, retryAfterSeconds: RETRY_AFTER_SECONDS });
    this.reason = databaseFaultOf(cause);
  }
}

/**
 * @param message for callers, made when it is needed: it has to be true of what had been done by then
 * @throws {DatabaseAwayError} in the place of an error of a database that is away; everything else as it is
 */
export async function unlessAway<T>(
  work: () => Promise<T>,
  message = (): string => 'The database cannot be used at the moment.',
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw isAway(error) ? new DatabaseAwayError(message(), error) : error;
  }
}
