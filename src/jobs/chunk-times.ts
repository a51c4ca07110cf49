/**
 * The database's clock may be set back, by whoever corrects it or by a standby that is behind. Chunks from before would wait
 * until it is as late again, and those of a gateway that has died would stay with it as long.
 */
import type { Queryable } from '../store/database';

/** How often they are looked for. Milliseconds. */
const EVERY_MS = 5000;

export class ChunkTimes {
  private mendedAt = -Infinity;

  /** @param longestWaitSeconds no chunk is written to be handed out later than that */
  constructor(
    private readonly store: Queryable,
    private readonly queue: string,
    private readonly longestWaitSeconds: number,
  ) {}

  /** Times that can't have been written yet become now. For a queue in which too little is found. */
  async mend(): Promise<void> {
    if (performance.now() < this.mendedAt + EVERY_MS) return;
    this.mendedAt = performance.now();
    // Or nobody would look for chunks of the dead until it is as late again.
    await this.store.query('update pgboss.version set maintained_on = now() where maintained_on > now()');
    // Gateways that mend at once must not wait for each other's rows, each in an order of its own.
    await this.store.query(
      `update pgboss.job set start_after = now() where name = $1 and id in (
         select id from pgboss.job
         where name = $1 and state < 'active' and start_after > now() + make_interval(secs => $2)
         for update skip locked
       )`,
      [this.queue, this.longestWaitSeconds],
    );
    await this.store.query(
      `update pgboss.job set started_on = now() where name = $1 and id in (
         select id from pgboss.job where name = $1 and state = 'active' and started_on > now() for update skip locked
       )`,
      [this.queue],
    );
  }
}
