/** Writes of lines, those of concurrent calls together. Each tells whether the line was still its owner's. */
import { unlessAway } from '../store/away';
import type { Database, Queryable } from '../store/database';
import { GroupCommit } from '../store/group-commit';
import { untilBack } from '../store/until-back';
import {
  markSent,
  saveCalls,
  settleLines,
  type LineChange,
  type LineKey,
  type Settlement,
} from './kick-line.repository';
import { skipUnsentLines, type EndedLines } from './skip-unsent';

const NOT_MARKED = (): string => 'The database cannot be used at the moment; nothing was sent.';

const keyOf = ({ jobId, line, owner }: LineKey): string => `${jobId} ${line} ${owner}`;

export class LineStore {
  private readonly marks: GroupCommit<LineChange, boolean>;
  private readonly saves: GroupCommit<LineChange, boolean>;
  private readonly settlements: GroupCommit<Settlement, boolean>;
  private isEnding = false;

  /** @param onSettled told of all outcomes that stand */
  constructor(
    private readonly database: Database,
    private readonly onSettled: (ended: EndedLines) => void,
  ) {
    const group = <Change extends LineChange>(
      statement: (store: Queryable, changes: readonly Change[]) => Promise<LineKey[]>,
    ) =>
      new GroupCommit<Change, boolean>(async (changes) => {
        const done = new Set((await statement(database, changes)).map(keyOf));
        return changes.map((change) => done.has(keyOf(change)));
      });
    this.marks = group(markSent);
    this.saves = group(saveCalls);
    this.settlements = group(settleLines);
  }

  /** "Sent", before it is sent. False: it must not be. @throws {DatabaseAwayError} when nobody knows */
  markSent(change: LineChange): Promise<boolean> {
    return unlessAway(() => this.marks.add(change), NOT_MARKED);
  }

  /** What is known by now. Like an outcome, it is known here alone until it is written: a database that is away is waited for. */
  save(change: LineChange): Promise<boolean> {
    return this.untilBack(() => this.saves.add(change));
  }

  async settle(settlement: Settlement): Promise<boolean> {
    const isSettled = await this.untilBack(() => this.settlements.add(settlement));
    if (isSettled) this.onSettled({ ...settlement, lines: 1 });
    return isSettled;
  }

  /** From now on, a database that is away is not waited for: the process ends. */
  end(): void {
    this.isEnding = true;
  }

  /** Ends the lines of a cancelled job that nothing is in flight for. */
  async skipUnsent(jobId: string): Promise<void> {
    for (const ended of await skipUnsentLines(this.database, jobId)) this.onSettled(ended);
  }

  private untilBack<T>(write: () => Promise<T>): Promise<T> {
    return untilBack(write, () => this.isEnding);
  }
}
