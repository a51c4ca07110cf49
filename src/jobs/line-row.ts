/** A line's row in the hands of this gateway: what is written to it, and how often it was called, as far as is known. */
import type { LineChange, OwnedLine, Settlement } from './kick-line.repository';
import type { LineStore } from './line-store';

/** What is to stand in the row. */
export type LineState = Pick<LineChange, 'calls' | 'reading' | 'failure'>;

export class LineRow {
  private sent: number;
  private isMarkInDoubt = false;

  constructor(
    private readonly jobId: string,
    private readonly line: OwnedLine,
    private readonly owner: string,
    private readonly store: LineStore,
  ) {
    this.sent = line.attempts;
  }

  /** "Sent". False: the line is not ours any more, or its job was cancelled. @throws {DatabaseAwayError} when nobody knows */
  async markSent(state: LineState): Promise<boolean> {
    const change = this.change(state);
    this.isMarkInDoubt = true;
    const isMarked = await this.store.markSent(change);
    // Refused, the one before it is as much in doubt as it was.
    this.isMarkInDoubt = !isMarked && change.isMarkInDoubt;
    if (isMarked) this.sent++;
    return isMarked;
  }

  /** Whether the row may say something else. */
  hasChanged({ calls, reading }: LineState): boolean {
    const { line, isMarkInDoubt } = this;
    return (
      isMarkInDoubt || calls !== line.calls || reading.done !== line.reads_done || reading.tried !== line.reads_tried
    );
  }

  save(state: LineState): Promise<boolean> {
    return this.store.save(this.change(state));
  }

  settle(
    state: LineState,
    outcome: Pick<Settlement, 'state' | 'code' | 'message' | 'verifiedOffline'>,
  ): Promise<boolean> {
    return this.store.settle({ ...this.change(state), ...outcome });
  }

  private change(state: LineState): LineChange {
    const { jobId, owner, sent: attempts, isMarkInDoubt } = this;
    return { jobId, line: this.line.line, owner, attempts, isMarkInDoubt, ...state };
  }
}
