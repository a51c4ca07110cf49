/**
 * How many lines a gateway works on at once: enough to use its pace whatever GenAuth's latency, and few enough that
 * little is in flight when a process dies.
 */

/** Sockets are left over for single kicks. */
const MAX_IN_FLIGHT = 192;
/** Lines that may wait for their turn to send, in seconds' worth of the pace. */
const AHEAD_SECONDS = 0.2;
const MIN_AHEAD = 8;
/** A changed pace or circuit is noticed after so long, if nothing else happens. Milliseconds. */
const LOOK_AGAIN_MS = 50;

export interface GateView {
  /** Calls a second that this gateway may send. */
  rate: () => number;
  /** `open`: GenAuth is there; `probe`: one line may find out; `shut`: nothing is sent. */
  state: () => 'open' | 'probe' | 'shut';
}

export class SendGate {
  private inFlight = 0;
  private unsent = 0;
  private readonly waiting: (() => void)[] = [];
  private timer: NodeJS.Timeout | null = null;

  constructor(private readonly view: GateView) {}

  /** Resolves when one more line may be begun. @returns false as soon as `mustStop` says so */
  async enter(mustStop: () => boolean): Promise<boolean> {
    while (!mustStop()) {
      if (this.hasRoom()) {
        this.inFlight++;
        this.unsent++;
        return true;
      }
      await new Promise<void>((resolve) => {
        this.waiting.push(resolve);
        this.timer ??= setTimeout(() => this.wake(), LOOK_AGAIN_MS).unref();
      });
    }
    return false;
  }

  /** The line's first call goes out, or it was found to need none. Once a line. */
  sent(): void {
    this.unsent--;
    this.wake();
  }

  leave(): void {
    this.inFlight--;
    this.wake();
  }

  private hasRoom(): boolean {
    const state = this.view.state();
    if (state === 'shut') return false;
    if (state === 'probe') return this.inFlight === 0;
    const ahead = Math.max(MIN_AHEAD, this.view.rate() * AHEAD_SECONDS);
    return this.inFlight < MAX_IN_FLIGHT && this.unsent < ahead;
  }

  private wake(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    for (const resolve of this.waiting.splice(0)) resolve();
  }
}
