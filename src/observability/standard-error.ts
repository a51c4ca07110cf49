/** Where the log goes; standard output belongs to the banner. */
import { pino, type DestinationStream } from 'pino';
import type { PinoPretty, PrettyOptions } from 'pino-pretty';

const STANDARD_ERROR = 2;

/**
 * Lines are written together: at so many bytes, or after so many milliseconds, and always at the end of the process. A
 * pipe takes 4096 bytes at once and unmixed with what other workers write (PIPE_BUF of Linux; POSIX, write()).
 */
const TOGETHER = { minLength: 3 * 1024, periodicFlush: 100, maxWrite: 4096 };

/** What can't be written, as on a disk that is full, is kept up to here; then lines are dropped. Bytes. */
const MAX_KEPT = 16 * 1024 * 1024;

/** The terminal or the reader has gone, and comes back no more. */
const GONE: ReadonlySet<unknown> = new Set(['EPIPE', 'EIO', 'EBADF']);

type Destination = ReturnType<typeof pino.destination>;

/**
 * Nobody stops serving because the log can't be written, and nobody fails to end: at the end of the process sonic-boom
 * (4.2.1, flushSync) repeats a write that fails for good, for ever.
 */
function survive(destination: Destination): Destination {
  let isFailing = false;
  let isGone = false;
  const write = destination.write.bind(destination);
  const flushSync = destination.flushSync.bind(destination);
  destination.on('error', (error: Error & { code?: unknown }) => {
    isFailing = true;
    isGone ||= GONE.has(error.code);
  });
  destination.on('write', () => (isFailing = false));
  return Object.assign(destination, {
    write: (line: string) => isGone || write(line),
    flushSync: () => {
      if (!isFailing && !isGone) flushSync();
    },
  });
}

/** Loaded for a terminal only. */
// eslint-disable-next-line @typescript-eslint/no-require-imports -- a log can't wait for import()
const pretty = (options: PrettyOptions) => (require('pino-pretty') as typeof PinoPretty)(options);

/** JSON lines, or readable text when a person looks at a terminal. */
export function toStandardError(isProduction: boolean): DestinationStream {
  if (process.stderr.isTTY && !isProduction) return pretty({ destination: STANDARD_ERROR, sync: true, ignore: 'pid' });
  return survive(pino.destination({ dest: STANDARD_ERROR, sync: false, maxLength: MAX_KEPT, ...TOGETHER }));
}
