/** What a line can come to, beside what reading it back says. */
import { ErrorCode, UntriedError, type AppError } from '../errors';
import type { CallLetters } from './call-letters';
import type { LineChange, Settlement } from './kick-line.repository';

const CANCELLED = {
  state: 'SKIPPED',
  code: null,
  message: 'the job was cancelled',
  verifiedOffline: null,
} as const;
const CUT_SHORT = {
  ...CANCELLED,
  message: 'the job was cancelled between the calls for this user; some of the apps were done',
} as const;
export const KICKED = { state: 'KICKED', code: null, message: null, verifiedOffline: null } as const;

/** A process that died may have kept what GenAuth said to an earlier call from being noted; the audit trail has it. */
export const SAID_EARLIER = 'A call for this user failed or was never answered; the audit trail says which.';

/** Ends the call of a line whose mark "sent" was refused; an attempt before it is what the record tells. */
export const notToBeSent = (): AppError =>
  new UntriedError(ErrorCode.UPSTREAM_UNAVAILABLE, 'The line is not to be worked on any more; nothing was sent.');

type Outcome = Omit<Settlement, keyof LineChange>;

/**
 * What its calls came to. Null: one is not read back yet.
 * @param failure the one to be told; null: it was in an earlier turn
 */
export function outcomeOf(letters: CallLetters, failure: AppError | null): Outcome | null {
  if (letters.has('f') || letters.has('u')) return unsuccessful(letters, failure);
  if (letters.has('.')) return letters.has('k') ? CUT_SHORT : CANCELLED;
  return letters.isAwaited ? null : KICKED;
}

function unsuccessful(letters: CallLetters, failure: AppError | null): Outcome {
  const { count } = letters;
  const partly = count > 1 ? ` (${letters.countOf('k')} of the ${count} calls for this user succeeded)` : '';
  const state = letters.has('f') ? 'FAILED' : 'UNKNOWN';
  const message = `${failure?.message ?? SAID_EARLIER}${partly}`;
  return { state, code: failure?.code ?? null, message, verifiedOffline: null };
}
