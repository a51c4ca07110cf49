/**
 * Works one line off: one user, in calls of 50 apps. The truth of it is durable before each call ("sent") and after the
 * last ("settled"). A call without a clear answer is settled by reading back, whether it was ours or that of a gateway
 * that is gone: a kick repeated late would throw out a user who has come back.
 */
import { AppError, ErrorCode } from '../errors';
import { CallLetters, type CallLetter } from './call-letters';
import type { OwnedLine, Reading } from './kick-line.repository';
import type { JobRow } from './kick-job.repository';
import { KICKED, notToBeSent, outcomeOf } from './line-outcomes';
import { LineRow, type LineState } from './line-row';
import type { LineEnd, LineTools, MarkResult } from './line-tools';
import { isInDoubt, isOfOurKey, mayBeMadeLater, noteOf, readsLater, saysUserIsUnknown, sentAtOf } from './untimely';
import { verifyOffline } from './verify-offline';

type Step = 'next' | 'stop' | Exclude<MarkResult, 'sent'>;

export class LineWork {
  private readonly letters: CallLetters;
  private readonly row: LineRow;
  private reading: Reading;
  private sentAt: number | null;
  private failure: AppError | null;
  /** What reading back settled; on record once the row has it. */
  private resolutions: CallLetter[] = [];

  constructor(
    private readonly job: JobRow,
    private readonly line: OwnedLine,
    owner: string,
    private readonly tools: LineTools,
  ) {
    this.letters = new CallLetters(line.calls);
    this.row = new LineRow(job.id, line, owner, tools.store);
    this.reading = { done: line.reads_done, tried: line.reads_tried };
    this.failure = line.code === null ? null : new AppError(line.code, line.message ?? '');
    this.sentAt = sentAtOf(line, tools.claimedAt);
  }

  async run(): Promise<LineEnd> {
    for (let index = 0; index < this.letters.count; index++) {
      const letter = this.letters.at(index);
      if (letter !== '.' && letter !== 's' && letter !== 'r') continue;
      if (this.tools.mustStop()) return this.goOnLater();
      const step = letter === '.' ? await this.send(index, 's') : await this.resolve(index, null);
      if (step === 'next') continue;
      // A sending without an answer is read back in another turn: the job ends no sooner.
      if (step === 'cancelled' && !this.letters.isAwaited) break;
      return step === 'lost' ? 'lost' : this.goOnLater();
    }
    return this.settle();
  }

  private async send(index: number, mark: 's' | 'r'): Promise<Step> {
    const before = this.letters.at(index);
    const refusals = before === '.' ? this.reading.tried : '';
    const { user_id_type: userIdType, reason, ticket } = this.job;
    const request = { userId: this.line.user_id, userIdType, appIds: this.tools.appIdsOf(index), reason, ticket };
    // Beside what is thrown: where an attempt before this one is in doubt, the kick fails of that.
    const marked: { as: MarkResult | null } = { as: null };
    const beforeSend = async (): Promise<void> => {
      if ((marked.as = await this.mark(index, mark)) !== 'sent') throw notToBeSent();
    };
    try {
      // A repetition's second and third attempts are repetitions, too.
      const sendBy = mark === 'r' ? this.repeatableUntil : Infinity;
      await this.tools.kick(request, { beforeSend, sendBy });
      this.isOut(index);
      return 'next';
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      if (marked.as === 'lost') return 'lost';
      if (marked.as === 'cancelled' && !error.mayHaveTakenEffect) return this.cancelled(index, before);
      if (isInDoubt(error)) return this.resolve(index, error);
      return this.refused(index, before, error, refusals + noteOf(error));
    }
  }

  /** Durable before the call. @throws {DatabaseAwayError} when nobody knows */
  private async mark(index: number, letter: CallLetter): Promise<MarkResult> {
    const startedAt = performance.now();
    // What was read of an earlier sending says nothing about this one.
    const reading: Reading = { done: 0, tried: '' };
    if (!(await this.row.markSent({ ...this.state, calls: this.letters.with(index, letter), reading }))) {
      this.tools.drop();
      return (await this.tools.isCancelled()) ? 'cancelled' : 'lost';
    }
    this.reading = reading;
    // The first sending counts: if a later one is refused, the next must not be made later for it.
    if (this.letters.at(index) === '.') this.sentAt = startedAt;
    this.letters.set(index, letter);
    // What was settled of the calls before this one stands in the row now.
    this.noteResolutions();
    return 'sent';
  }

  /** A clear no: to the call, or only to its being made now. @param refusals so far, and this one */
  private async refused(index: number, before: CallLetter, error: AppError, refusals: string): Promise<Step> {
    if (mayBeMadeLater(error, refusals, this.job)) {
      if (before === '.') this.reading.tried = refusals;
      const wasMarked = this.letters.at(index) !== before;
      this.letters.set(index, before);
      // It was not carried out, so the row must not say "sent" for somebody to read back.
      if (wasMarked) await this.row.save(this.state);
      return 'stop';
    }
    // A no to the repetition says nothing of the sending before it; but who is unknown to GenAuth is out.
    if (before === 's' && !saysUserIsUnknown(error)) return this.unknown(index, error);
    this.letters.set(index, 'f');
    this.fail(error);
    return 'next';
  }

  /** Sent, and no clear answer: is the user out? */
  private async resolve(index: number, unclear: AppError | null): Promise<Step> {
    // Found out in another turn, it is told as it was here.
    if (unclear !== null) this.failure ??= unclear;
    if (this.tools.mustStop()) return 'stop';
    try {
      const { readBack, appIdsOf, mustStop } = this.tools;
      const isOnline = await readBack.isOnlineInAny(appIdsOf(index), this.reading, mustStop);
      if (isOnline !== true) return isOnline === null ? 'stop' : this.resolved(index, 'k');
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      if (saysUserIsUnknown(error)) {
        this.fail(error);
        return this.resolved(index, 'f');
      }
      // Reading may work again when GenAuth is back. One that was sent counts all the same: it may be this user's that fails.
      if (!error.mayHaveTakenEffect && !isOfOurKey(error) && this.tools.mustStop()) return 'stop';
      if (readsLater(this.reading, error, isOfOurKey(error) ? error.code : ErrorCode.RATE_LIMITED)) return 'stop';
      // A repetition, where there is still time for one, tells as much, and sooner. Who has cancelled wants an end of it.
      const isPatient = !this.mayRepeat(index) && this.job.state !== 'CANCELLING';
      if (isPatient && readsLater(this.reading, error)) return 'stop';
      if (this.mayRepeat(index) && this.tools.mustStop()) return 'stop';
    }
    return this.mayRepeat(index) ? this.send(index, 'r') : this.unknown(index, null);
  }

  private mayRepeat(index: number): boolean {
    return this.letters.at(index) === 's' && performance.now() < this.repeatableUntil;
  }

  private get repeatableUntil(): number {
    return (this.sentAt ?? -Infinity) + this.tools.repeatableMs;
  }

  private resolved(index: number, letter: CallLetter): Step {
    if (letter === 'k') this.isOut(index);
    else this.letters.set(index, letter);
    this.reading = { done: 0, tried: '' };
    this.resolutions.push(letter);
    return 'next';
  }

  private isOut(index: number): void {
    this.letters.set(index, 'k');
    // What was unclear is not any more; of calls before this one it may still tell.
    if (!this.letters.has('f') && !this.letters.has('u')) this.failure = null;
  }

  private unknown(index: number, why: AppError | null): Step {
    this.failure ??= why ?? new AppError(ErrorCode.UPSTREAM_UNAVAILABLE, 'The call was sent and never answered.');
    return this.resolved(index, 'u');
  }

  private cancelled(index: number, before: CallLetter): Step {
    this.letters.set(index, before);
    if (before === '.') return 'cancelled';
    // An earlier sending is still without an answer, and will not be repeated any more.
    return this.unknown(index, null);
  }

  private fail(error: AppError): void {
    this.failure = error;
    if (saysUserIsUnknown(error)) this.letters.setRest('f');
  }

  private async settle(): Promise<LineEnd> {
    const { letters, failure, job } = this;
    const known = outcomeOf(letters, failure);
    const outcome = known === KICKED && job.verify ? await verifyOffline(this.tools, job.app_ids, this.reading) : known;
    if (outcome === null) return this.goOnLater();
    if (!(await this.row.settle(this.state, outcome))) return 'lost';
    this.noteResolutions();
    return 'settled';
  }

  private async goOnLater(): Promise<LineEnd> {
    if (!this.row.hasChanged(this.state) || (await this.row.save(this.state))) this.noteResolutions();
    return 'later';
  }

  private readonly noteResolutions = (): void => this.resolutions.splice(0).forEach(this.tools.noteResolved);

  private get state(): LineState {
    const { letters, reading, failure } = this;
    return { calls: letters.toString(), reading, failure };
  }
}
