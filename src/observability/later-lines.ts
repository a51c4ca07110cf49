/**
 * Lines of requests that go on in step (src/in-step.ts) are put into words together, when all of them have got as far as they
 * can: the code that does it is cold when each line runs it alone. No line overtakes another, and each has the time at which
 * it was asked for.
 */
import { levels, type LogFn, type Logger } from 'pino';

/** From here on at once, with all that came before: the process may not have another turn. */
const URGENT = levels.values['warn'] ?? 0;

/** So many wait at most. */
const MAX_WAITING = 200;

interface Line {
  logger: Logger;
  method: LogFn;
  args: Parameters<LogFn>;
  /** Milliseconds since 1970. */
  time: number;
}

/** Stands for a line whose facts can't be read. */
const UNWRITABLE = 'a line of the log could not be put into words';

/** @returns whether it could be */
function tryToWrite({ logger, method, args }: Line): boolean {
  try {
    method.apply(logger, args);
    return true;
  } catch {
    return false;
  }
}

export class LaterLines {
  private waiting: Line[] = [];
  /** Of the line that is being written. */
  private time: number | null = null;

  /** pino's hook (https://getpino.io/#/docs/api?id=logmethod). The arguments must not be changed any more. */
  take(logger: Logger, args: Parameters<LogFn>, method: LogFn, level: number): void {
    this.waiting.push({ logger, method, args, time: Date.now() });
    if (level >= URGENT || this.waiting.length >= MAX_WAITING) this.write();
    else if (this.waiting.length === 1) process.nextTick(this.write);
  }

  /** All that wait, now. */
  readonly write = (): void => {
    for (const line of this.waiting.splice(0)) {
      this.time = line.time;
      // Nobody is there to be told, and the lines behind it are others'.
      if (!tryToWrite(line)) tryToWrite({ ...line, args: [UNWRITABLE] });
    }
    this.time = null;
  };

  /** pino's `timestamp`: a part of the line's JSON. */
  readonly timestamp = (): string => `,"time":${this.time ?? Date.now()}`;
}
