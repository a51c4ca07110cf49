import { types } from 'node:util';
import { pino, type DestinationStream, type Logger } from 'pino';
import pretty from 'pino-pretty';

export type { Logger } from 'pino';

/** Whatever of these turns up in a log record is cut out, at the top and one level down. */
const SECRETS = [
  'authorization',
  'accessKeyId',
  'accessKeySecret',
  'secret',
  'signature',
  'token',
  'userId',
  'userIds',
  'email',
  'phone',
];
const REDACTED = SECRETS.flatMap((name) => [name, `*.${name}`]);

/**
 * What the log says of an error. Drivers of databases hang a statement's values on theirs (`params`, `detail`, `where`),
 * and those may be somebody's e-mail, so nothing is taken that is not named here.
 */
function describeError(error: unknown): object {
  // Not `instanceof`: an error may come from another realm.
  if (!types.isNativeError(error)) return { type: typeof error };
  const { name, message, stack } = error;
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
  const cause = error.cause === undefined ? {} : { cause: describeError(error.cause) };
  return { type: name, message, ...code, stack, ...cause };
}

/** Standard output belongs to the banner; the log goes to standard error. */
const STANDARD_ERROR = 2;

/** A pipe takes so much at once and unmixed with what other workers write (PIPE_BUF of Linux; POSIX, write()). */
const MAX_WRITE_BYTES = 4096;

export interface LoggerOptions {
  /** JSON whatever standard error is. */
  isProduction?: boolean;
  /** For tests; standard error if left out. */
  destination?: DestinationStream;
}

/** JSON lines, or readable text when a person looks at a terminal. */
export function createLogger(level: string, { isProduction = false, destination }: LoggerOptions = {}): Logger {
  const options = {
    level,
    redact: { paths: REDACTED, censor: '[redacted]' },
    serializers: { err: describeError },
    base: { pid: process.pid },
  };
  if (destination !== undefined) return pino(options, destination);
  if (process.stderr.isTTY && !isProduction)
    return pino(options, pretty({ destination: STANDARD_ERROR, sync: true, ignore: 'pid' }));
  return pino(options, pino.destination({ dest: STANDARD_ERROR, sync: false, maxWrite: MAX_WRITE_BYTES }));
}
