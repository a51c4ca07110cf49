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

/** Standard output belongs to the banner; the log goes to standard error. */
const STANDARD_ERROR = 2;

/** A pipe takes so much at once and unmixed with what other workers write (PIPE_BUF of Linux; POSIX, write()). */
const MAX_WRITE_BYTES = 4096;

/**
 * JSON lines, or readable text when a person looks at a terminal.
 * @param destination for tests; standard error if left out
 */
export function createLogger(level: string, destination?: DestinationStream): Logger {
  const options = { level, redact: { paths: REDACTED, censor: '[redacted]' }, base: { pid: process.pid } };
  if (destination !== undefined) return pino(options, destination);
  if (process.stderr.isTTY) return pino(options, pretty({ destination: STANDARD_ERROR, sync: true, ignore: 'pid' }));
  return pino(options, pino.destination({ dest: STANDARD_ERROR, sync: false, maxWrite: MAX_WRITE_BYTES }));
}
