import { types } from 'node:util';
import {
  pino,
  type Bindings,
  type ChildLoggerOptions,
  type DestinationStream,
  type Logger,
  type LoggerOptions,
} from 'pino';
import { LaterLines } from './later-lines';
import { redact } from './redact';
import { toStandardError } from './standard-error';

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

export interface LogOptions {
  /** JSON whatever standard error is. */
  isProduction?: boolean;
  /** For tests; standard error if left out. */
  destination?: DestinationStream;
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
  const lines = new LaterLines();
  // Before the listener of standard error, which writes out what it has got by then.
  if (destination === undefined) process.prependListener('exit', lines.write);
  const options: LoggerOptions = {
    level,
    formatters: { log: redact },
    serializers: { err: describeError },
    base: { pid: process.pid },
    timestamp: lines.timestamp,
    hooks: {
      logMethod(args, method, lineLevel) {
        lines.take(this, args, method, lineLevel);
      },
    },
  };
  const log = redactBindings(pino(options, destination ?? toStandardError(isProduction)));
  const flush = log.flush.bind(log);
  return Object.assign(log, {
    flush: (done: (error?: Error) => void): void => {
      lines.write();
      flush(done);
    },
  });
}

/** For what is no detail, and must not be left out with the details: lines from `info` on, whatever LOG_LEVEL says but `silent`. */
export const withInfo = (log: Logger): Logger =>
  log.level === 'silent' || log.isLevelEnabled('info') ? log : log.child({}, { level: 'info' });

/** How long the end of a process waits for its last lines. Milliseconds. */
const LAST_LINES_MS = 500;

/** Resolves when all lines so far are written, or can't be. */
export const flushed = (log: Logger): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, LAST_LINES_MS);
    log.flush(() => {
      clearTimeout(timer);
      resolve();
    });
  });
