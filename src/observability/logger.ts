import { types } from 'node:util';
import {
  pino,
  type Bindings,
  type ChildLoggerOptions,
  type DestinationStream,
  type Logger,
  type LoggerOptions,
} from 'pino';
import pretty from 'pino-pretty';
import { redact } from './redact';

export type { Logger } from 'pino';

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

/**
 * Lines are written together: at so many bytes, or after so many milliseconds, and always at the end of the process. A
 * pipe takes 4096 bytes at once and unmixed with what other workers write (PIPE_BUF of Linux; POSIX, write()).
 */
const TOGETHER = { minLength: 3 * 1024, periodicFlush: 100, maxWrite: 4096 };

export interface LogOptions {
  /** JSON whatever standard error is. */
  isProduction?: boolean;
  /** For tests; standard error if left out. */
  destination?: DestinationStream;
}

function standardError(isProduction: boolean): DestinationStream {
  if (process.stderr.isTTY && !isProduction) return pretty({ destination: STANDARD_ERROR, sync: true, ignore: 'pid' });
  return pino.destination({ dest: STANDARD_ERROR, sync: false, ...TOGETHER });
}

/** pino's formatters leave out what a child logger is made with; children inherit this method. */
function redactBindings(log: Logger): Logger {
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called below with the logger that it belongs to
  const child: (this: Logger, bindings: Bindings, options?: ChildLoggerOptions) => Logger = log.child;
  return Object.assign(log, {
    child(this: Logger, bindings: Bindings, options?: ChildLoggerOptions) {
      return child.call(this, redact(bindings), options);
    },
  });
}

/** JSON lines, or readable text when a person looks at a terminal. */
export function createLogger(level: string, { isProduction = false, destination }: LogOptions = {}): Logger {
  const options: LoggerOptions = {
    level,
    formatters: { log: redact },
    serializers: { err: describeError },
    base: { pid: process.pid },
  };
  return redactBindings(pino(options, destination ?? standardError(isProduction)));
}
