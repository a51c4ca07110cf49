/** Whether jobs can be worked on now: GenAuth may be away, or refuse our key. Then they wait; no user fails of it. */
import type { GenAuthClient } from '../genauth/client';
import type { Circuit } from '../genauth/circuit';
import type { KeyHealth } from '../genauth/key-health';
import type { Database } from '../store/database';
import { someCircuitIsOpen } from './kick-job.repository';
import type { GateView } from './send-gate';

const GENAUTH_AWAY = 'GenAuth has been failing; calls to it are paused until it answers again.';
const ASKED_TO_WAIT = 'GenAuth asks to be called later (Retry-After); jobs wait until then.';
const KEY_REFUSED = "GenAuth refuses the gateway's key; its operators have to mend that.";

export class Pauses {
  constructor(
    private readonly database: Database,
    private readonly circuit: Pick<Circuit, 'state' | 'isProbeDue' | 'isLookedFor' | 'isAway'>,
    private readonly key: Pick<KeyHealth, 'isRefused'>,
    private readonly genauth: Pick<GenAuthClient, 'askedToWaitMs'>,
  ) {}

  get gateState(): ReturnType<GateView['state']> {
    if (this.key.isRefused || this.isHeld) return 'shut';
    if (this.circuit.state === 'closed') return 'open';
    // An open circuit whose time has come lets one call find out; without single kicks that is a job's, once a harmless read
    // has been answered. While it finds out, all others are refused.
    return this.circuit.isProbeDue && !this.circuit.isLookedFor ? 'probe' : 'shut';
  }

  /** For people; null when nothing holds jobs up. Other gateways tell of their circuits by the database. */
  async reason(): Promise<string | null> {
    if (this.key.isRefused) return KEY_REFUSED;
    if (this.isHeld) return ASKED_TO_WAIT;
    if (this.circuit.isAway || (await someCircuitIsOpen(this.database))) return GENAUTH_AWAY;
    return null;
  }

  /** Coming back sooner than GenAuth asks for would be refused again, and counted against everyone. */
  private get isHeld(): boolean {
    return this.genauth.askedToWaitMs > 0;
  }
}
