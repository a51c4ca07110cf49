import {
  pino,
  stdSerializers,
  type Bindings,
  type ChildLoggerOptions,
  type DestinationStream,
  type Logger,
  type LoggerOptions,
} from 'pino';
import pretty from 'pino-pretty';
import { redact, redactOnce } from './redact';

export type { Logger } from 'pino';

/** Standard output belongs to the banner; the log goes to standard error. */
const STANDARD_ERROR = 2;

function standardError(): DestinationStream {
  if (process.stderr.isTTY) return pretty({ destination: STANDARD_ERROR, sync: true, ignore: 'pid' });
  return pino.destination({ dest: STANDARD_ERROR, sync: false });
}

/** pino's formatters leave out what a child logger is made with; children inherit this method. */
function redactBindings(log: Logger): Logger {
  const child: (this: Logger, bindings: Bindings, options?: ChildLoggerOptions) => Logger = log.child;
  return Object.assign(log, {
    child(this: Logger, bindings: Bindings, options?: ChildLoggerOptions) {
      return child.call(this, redact(bindings), options);
    },
  });
}

/**
 * JSON lines, or readable text when a person looks at a terminal.
 * @param destination for tests; standard error if left out
 */
export function createLogger(level: string, destination?: DestinationStream): Logger {
  const options: LoggerOptions = {
    level,
    base: { pid: process.pid },
    formatters: { log: redact },
    // An error becomes a plain object only after the formatters.
    serializers: { err: (error: Error) => redactOnce(stdSerializers.err(error)) },
  };
  return redactBindings(pino(options, destination ?? standardError()));
}
