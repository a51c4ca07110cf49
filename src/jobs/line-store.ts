/** Writes of lines, those of concurrent calls together. Each tells whether the line was still its owner's. */
import type { Database, Queryable } from '../store/database';
import { GroupCommit } from '../store/group-commit';
import { markSent, saveCalls, settleLines, type LineChange, type Settlement } from './kick-line.repository';

type Key = Pick<LineChange, 'jobId' | 'line'>;
const keyOf = ({ jobId, line }: Key): string => `${jobId} ${line}`;

export class LineStore {
  private readonly marks: GroupCommit<LineChange, boolean>;
  private readonly saves: GroupCommit<LineChange, boolean>;
  private readonly settlements: GroupCommit<Settlement, boolean>;

  /** @param onSettled told of each outcome that stands */
  constructor(
    database: Database,
    private readonly onSettled: (settlement: Settlement) => void,
  ) {
    const group = <Change extends LineChange>(
      statement: (store: Queryable, changes: readonly Change[]) => Promise<Key[]>,
    ) =>
      new GroupCommit<Change, boolean>(async (changes) => {
        const done = new Set((await statement(database, changes)).map(keyOf));
        return changes.map((change) => done.has(keyOf(change)));
      });
    this.marks = group(markSent);
    this.saves = group(saveCalls);
    this.settlements = group(settleLines);
  }

  /** "Sent", before it is sent. False: it must not be. */
  markSent(change: LineChange): Promise<boolean> {
    return this.marks.add(change);
  }

  save(change: LineChange): Promise<boolean> {
    return this.saves.add(change);
  }

  async settle(settlement: Settlement): Promise<boolean> {
    const isSettled = await this.settlements.add(settlement);
    if (isSettled) this.onSettled(settlement);
    return isSettled;
  }
}
