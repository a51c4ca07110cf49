import type { Fault } from './fault';

const KICK_USERS = '/api/v3/kick-users';

interface Standing {
  fault: Fault;
  probability: number;
}

/** The switchboard: which fault, if any, meets the next call. Queued ones go before standing ones, a path's own before `*`. */
export class Faults {
  private readonly queued = new Map<string, Fault[]>();
  private readonly standing = new Map<string, Standing>();

  constructor(private readonly random: () => number) {}

  /** For the next `times` calls of the path; `*` is any path. Several are used up in the order queued. */
  next(fault: Fault, times = 1, path = KICK_USERS): void {
    const queue = this.queued.get(path) ?? [];
    queue.push(...Array.from({ length: times }, () => fault));
    this.queued.set(path, queue);
  }

  /** For every call of the path (default kick-users) until `clear`, or for a share of them. Replaces the path's earlier one. */
  always(fault: Fault, { path = KICK_USERS, probability = 1 }: { path?: string; probability?: number } = {}): void {
    this.standing.set(path, { fault, probability });
  }

  /** All is well again, for calls that arrive from now on. */
  clear(): void {
    this.queued.clear();
    this.standing.clear();
  }

  /** The fault for a call that has arrived; a queued one is used up. */
  take(path: string): Fault | undefined {
    const queued = this.queued.get(path)?.shift() ?? this.queued.get('*')?.shift();
    return queued ?? this.draw(path) ?? this.draw('*');
  }

  private draw(path: string): Fault | undefined {
    const standing = this.standing.get(path);
    return standing !== undefined && this.random() < standing.probability ? standing.fault : undefined;
  }
}
