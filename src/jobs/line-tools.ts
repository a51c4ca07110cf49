/** What the work on one line is given, and how it ends. */
import type { CallContext } from '../genauth/attempt';
import type { KickRequest, KickResult } from '../kick/kick-users.service';
import type { CallLetter } from './call-letters';
import type { LineStore } from './line-store';
import type { ReadBack } from './read-back';

/** Settled for good; to be gone on with later; or no longer ours to say anything about. */
export type LineEnd = 'settled' | 'later' | 'lost';

/** What came of a mark "sent": the line was somebody else's by then (`lost`), or its job was cancelled. */
export type MarkResult = 'sent' | 'lost' | 'cancelled';

export interface LineTools {
  store: LineStore;
  readBack: ReadBack;
  kick: (request: KickRequest, when: Required<Pick<CallContext, 'beforeSend' | 'sendBy'>>) => Promise<KickResult>;
  /** Apps, call by call. */
  appIdsOf: (index: number) => readonly string[];
  /** When the database told of the line, by `performance.now()`. */
  claimedAt: number;
  /** A call sent longer ago is not repeated. Milliseconds. */
  repeatableMs: number;
  /** Whether no new call may be begun: the chunk's time is up, or GenAuth is known to be away. */
  mustStop: () => boolean;
  isCancelled: () => Promise<boolean>;
  /** Gives up whatever of this line waits to be sent. */
  drop: () => void;
  /** Says that reading back settled what a call came to. */
  noteResolved: (outcome: CallLetter) => void;
}
