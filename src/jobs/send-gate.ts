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
  /** Asked before that one line. If GenAuth has not been seen just now, it is asked, and the line may go later. */
  mayLineGo: () => boolean;
}

/** A line that wants to be begun. */
interface Waiting {
  /** Its place in the list of its job: the first ones go first, whichever chunk and job they are of. */
  rank: number;
  mustStop: () => boolean;
  /** @param mayBegin false: it must stop */
  resolve: (mayBegin: boolean) => void;
}

export class SendGate {
  private inFlight = 0;
  private unsent = 0;
  private waiting: Waiting[] = [];
  private timer: NodeJS.Timeout | null = null;
  private isAdmitting = false;

  constructor(private readonly view: GateView) {}

  /** Lines that may be begun in such a time, at the pace of now. */
  linesIn(ms: number): number {
    return (this.view.rate() * ms) / 1000;
  }

  /** Resolves when one more line may be begun. @returns false as soon as `mustStop` says so */
  enter(rank: number, mustStop: () => boolean): Promise<boolean> {
    return new Promise((resolve) => {
      this.waiting.push({ rank, mustStop, resolve });
      this.admitSoon();
    });
  }

  /** The line's first call goes out, or it was found to need none. Once a line. */
  sent(): void {
    this.unsent--;
    this.admitSoon();
  }

  leave(): void {
    this.inFlight--;
    this.admitSoon();
  }

  /**
   * One at a time, and not at once: whoever begins a line asks for the next one of its chunk as soon as it is told so, and
   * that one goes before those further behind.
   */
  private admitSoon(): void {
    if (this.isAdmitting) return;
    this.isAdmitting = true;
    queueMicrotask(() => {
      this.isAdmitting = false;
      this.admit();
    });
  }

  private admit(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.waiting = this.waiting.filter(({ mustStop, resolve }) => {
      const isOver = mustStop();
      if (isOver) resolve(false);
      return !isOver;
    });
    // Few: one of each chunk in hand.
    const [first] = this.waiting.toSorted((one, other) => one.rank - other.rank);
    if (first === undefined) return;
    if (!this.hasRoom()) {
      this.timer = setTimeout(() => this.admit(), LOOK_AGAIN_MS).unref();
      return;
    }
    this.inFlight++;
    this.unsent++;
    this.waiting.splice(this.waiting.indexOf(first), 1);
    first.resolve(true);
    this.admitSoon();
  }

  private hasRoom(): boolean {
    const state = this.view.state();
    if (state === 'shut') return false;
    if (state === 'probe') return this.inFlight === 0 && this.view.mayLineGo();
    const ahead = Math.max(MIN_AHEAD, this.view.rate() * AHEAD_SECONDS);
    return this.inFlight < MAX_IN_FLIGHT && this.unsent < ahead;
  }
}
