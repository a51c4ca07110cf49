/** The right to send one request, now. How many there are a second is for whoever hands them out to know. */
import type { HangUp } from '../hang-up';
import type { Priority } from '../priority';
import type { Deadline } from './resilience';

/** Whoever decides when a call may go to GenAuth: src/pace, which this storey doesn't know. */
export interface Pacing {
  /**
   * Resolves when one call may go.
   * @param withinMs a turn later than this is refused at once
   * @throws {AppError} when that would be too late, or after `hangUp`; nothing may be sent then
   */
  acquire: (priority: Priority, withinMs: number, hangUp?: HangUp) => Promise<void>;
}

/** Held up for longer, requests would arrive in a bunch with those that were let go after them. Milliseconds. */
const FRESH_MS = 100;

/** A turn so late that hardly any time is left for an answer would end in doubt, so it is none. Of the time that is left. */
const LATEST_TURN = 0.9;

export class Permit {
  private grantedAt = -Infinity;

  constructor(
    private readonly pace: Pacing,
    private readonly asker: { priority?: Priority; hangUp?: HangUp },
  ) {}

  get isFresh(): boolean {
    return performance.now() - this.grantedAt <= FRESH_MS;
  }

  /**
   * Gets one, or another one in its place.
   * @param deadline null: none yet, so the wait may take as long as it takes
   * @param sendBy a turn later than this is none, by `performance.now()`
   * @throws {AppError} as {@link Pacing.acquire}
   */
  async acquire(deadline: Deadline | null, sendBy = Infinity): Promise<void> {
    const { priority = 'kick', hangUp } = this.asker;
    const latestMs = deadline === null ? Infinity : deadline.remainingMs() * LATEST_TURN;
    const withinMs = Math.min(latestMs, sendBy - performance.now());
    await this.pace.acquire(priority, withinMs, hangUp);
    this.grantedAt = performance.now();
  }
}
