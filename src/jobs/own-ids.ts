/**
 * GenAuth's own ids of users that jobs name otherwise, once looked up, for as long as their lines are under way here: at a
 * low pace looking up and reading back don't fit into one turn, and a line that looked up anew each time would never end.
 */
import { makeRoom } from '../make-room';

/** The oldest make room: lines that another gateway has gone on with are not heard of again. */
const MAX_IDS = 10_000;

export class OwnIds {
  private readonly byLine = new Map<string, string>();

  of(line: string): string | null {
    return this.byLine.get(line) ?? null;
  }

  remember(line: string, id: string): void {
    makeRoom(this.byLine, MAX_IDS);
    this.byLine.set(line, id);
  }

  forget(line: string): void {
    this.byLine.delete(line);
  }
}
