/**
 * What callers read from the database, in turns: the connections are few, and a kick's record must not wait behind whatever
 * somebody likes to list. Callers take turns too, so that one who asks for much waits for that alone.
 */
import { identityKey, type Identity } from '../auth/principal';
import { codeOf } from '../errors';
import { HUNG_UP, type HangUp } from '../hang-up';
import { DatabaseAwayError, unlessAway } from '../store/away';

/** Of the connections that a gateway has (postgres.ts), readings leave one over for records and jobs. */
const AT_ONCE = 2;
/** Of one caller's readings. An operation that costs as much as one may asks for two thousand. */
const MOST_WAITING = 5000;

/** Who wants to read, and whether they still wait for it. */
export interface Reader {
  principal: Identity;
  hangUp?: HangUp;
}

/** PostgreSQL's statement_timeout: it is there. */
const TOOK_TOO_LONG = '57014';

interface Waiting {
  isWanted: () => boolean;
  begin: () => Promise<void>;
  giveUp: (error: Error) => void;
}

/** Why something was not read, which is the caller's doing. What callers are told of it is the edge's matter. */
export class UnreadError extends Error {
  override readonly name = 'UnreadError';
  constructor(
    /** `HUNG_UP`: nobody is left to be told; the log of the operation has it. */
    readonly code: 'TOO_MANY_READINGS' | typeof HUNG_UP,
    message: string,
  ) {
    super(message);
  }
}

const tooMany = (): UnreadError =>
  new UnreadError(
    'TOO_MANY_READINGS',
    'You have more readings under way than one caller may; ask again when some are answered.',
  );
const hungUp = (): UnreadError => new UnreadError(HUNG_UP, 'The caller has hung up; nothing was read.');

export class ReadingTurns {
  private underWay = 0;
  private awayInRow = 0;
  /** By caller; whose turn is next stands first. None is empty. */
  private readonly queues = new Map<string, Waiting[]>();

  /** @throws {DatabaseAwayError} its own, or that of one before it; {UnreadError}; or whatever `work` throws */
  read<T>({ principal, hangUp }: Reader, work: () => Promise<T>): Promise<T> {
    const caller = identityKey(principal);
    const queue = this.queues.get(caller) ?? [];
    if (queue.length >= MOST_WAITING) return Promise.reject(tooMany());
    return new Promise<T>((resolve, reject) => {
      queue.push({
        isWanted: () => hangUp?.aborted !== true,
        begin: () =>
          unlessAway(work)
            .catch((error: unknown) => {
              this.noteFailure(error);
              throw error;
            })
            .then((value) => {
              this.awayInRow = 0;
              resolve(value);
            }, reject),
        giveUp: reject,
      });
      this.queues.set(caller, queue);
      this.goOn();
    });
  }

  private goOn(): void {
    while (this.underWay < AT_ONCE) {
      const next = this.takeNext();
      if (next === null) return;
      if (!next.isWanted()) {
        next.giveUp(hungUp());
        continue;
      }
      this.underWay++;
      void next.begin().finally(() => {
        this.underWay--;
        this.goOn();
      });
    }
  }

  /** A statement that takes too long is only that; several that fail otherwise, and none between them that doesn't, are more. */
  private noteFailure(error: unknown): void {
    if (!(error instanceof DatabaseAwayError) || codeOf(error.cause) === TOOK_TOO_LONG) return;
    if (++this.awayInRow >= AT_ONCE) this.giveUpAll(error);
  }

  /** One after the other they would find out the same, each after seconds where the database is silent. */
  private giveUpAll(error: DatabaseAwayError): void {
    const waiting = [...this.queues.values()].flat();
    this.queues.clear();
    for (const { giveUp } of waiting) giveUp(error);
  }

  private takeNext(): Waiting | null {
    const [first] = this.queues;
    if (first === undefined) return null;
    const [caller, queue] = first;
    const next = queue.shift();
    this.queues.delete(caller);
    // Behind all others.
    if (queue.length > 0) this.queues.set(caller, queue);
    return next ?? null;
  }
}
