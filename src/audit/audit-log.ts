/** The audit trail as services see it. Records of concurrent kicks are written together: one statement at a time. */
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import type { Database } from '../store/database';
import { withInfo, type Logger } from '../observability/logger';
import { AuditChain } from './audit-chain';
import type { AuditEntry } from './audit-record';
import { logLost, MAY_BE_LOST } from './lost-record';
import { hasRoomFor, isRefusal, type Pending } from './pending';

/** In one statement at most. */
const MAX_BATCH = 500;
/** Outcomes, which nobody waits for, gather so long, unless something that must be written takes them along. Milliseconds. */
const GATHER_MS = 20;
/**
 * From one statement's beginning to the next one's, at least: a busy gateway writes fewer and longer ones, which cost both
 * ends less than they hold anybody up; an idle one writes at once. Milliseconds.
 */
const SPACING_MS = 2;
/** Before outcomes that could not be written are tried again. Milliseconds. */
const RETRY_MS = 500;
/** How long the end of the process waits for the last records: less than is left of it (src/main.ts). Milliseconds. */
const LAST_MS = 3000;
/** How often the chain's head is logged, if it has moved. Milliseconds. */
const HEAD_EVERY_MS = 60_000;

const NOBODY = (): void => undefined;

export class AuditLog {
  private readonly chain: AuditChain;
  private pending: Pending[] = [];
  /** Of the records that are not written yet. */
  private refusals = 0;
  /** In the statement that is under way. */
  private inHand: readonly Pending[] = [];
  private flushing: Promise<void> | null = null;
  /** Records written since the start; they are written in the order in which they came. */
  private written = 0;
  /** Those who wait until so many are. */
  private settling: { upTo: number; resolve: () => void }[] = [];
  /** The next flush that nobody waits for. */
  private later: NodeJS.Timeout | null = null;
  private isFailing = false;
  private isStopped = false;
  private wroteAt = -Infinity;
  private loggedHash = '';
  private readonly headTimer: NodeJS.Timeout;
  private readonly headLog: Logger;

  constructor(
    database: Database,
    private readonly log: Logger,
  ) {
    this.chain = new AuditChain(database);
    this.headLog = withInfo(log);
    this.headTimer = setInterval(() => this.logHead(), HEAD_EVERY_MS).unref();
  }

  /** For the record that must stand before something is done. Resolves once it does. @throws when it can't be written */
  write(entry: AuditEntry): Promise<void> {
    return new Promise((resolve, reject) => this.add({ entry, time: new Date(), waiter: { resolve, reject } }));
  }

  /** For the record of what has happened already: never fails its caller, is tried until it stands, is loud if it can't. */
  note(entry: AuditEntry): void {
    const noted = { entry, time: new Date(), waiter: null };
    const hasRoom = hasRoomFor(noted, this.pending.length, this.refusals);
    if (!hasRoom || this.isStopped) return logLost(this.log, noted);
    if (isRefusal(noted)) this.refusals++;
    this.add(noted);
  }

  /** Resolves when everything noted so far has been written, or has failed once; what comes in meanwhile is not waited for. */
  async settle(): Promise<void> {
    if (this.waiting === 0 || (this.isFailing && this.flushing === null)) return;
    const upTo = this.written + this.waiting;
    void this.flush();
    await new Promise<void>((resolve) => this.settling.push({ upTo, resolve }));
  }

  /** Milliseconds that the oldest record not yet written has waited. */
  get lagMs(): number {
    const oldest = this.inHand[0] ?? this.pending[0];
    return oldest === undefined ? 0 : Date.now() - oldest.time.getTime();
  }

  /** Records that are not written yet. */
  get waiting(): number {
    return this.inHand.length + this.pending.length;
  }

  /** For a record that could not be written: see {@link AuditChain.abandon}. */
  abandon(entry: AuditEntry): void {
    this.chain.abandon(entry);
  }

  /** Writes what is left, once more if it has to be, and if it doesn't take longer than an end may. */
  async stop(): Promise<void> {
    clearInterval(this.headTimer);
    await Promise.race([this.writeLast(), delay(LAST_MS, undefined, { ref: false })]);
    this.isStopped = true;
    for (const inDoubt of this.inHand) logLost(this.log, inDoubt, MAY_BE_LOST);
    for (const lost of this.pending.splice(0)) logLost(this.log, lost);
    this.logHead();
  }

  private async writeLast(): Promise<void> {
    await this.settle();
    await this.flushing;
    if (this.later !== null) clearTimeout(this.later);
    if (this.pending.length > 0) await this.flush();
  }

  private add(pending: Pending): void {
    this.pending.push(pending);
    // While one statement is under way, the next one's records gather.
    if (this.flushing !== null) return;
    if (pending.waiter === null) this.flushIn(GATHER_MS);
    else void this.flush();
  }

  private flush(): Promise<void> {
    return (this.flushing ??= this.writeBatches());
  }

  private async writeBatches(): Promise<void> {
    // Let the callers of the same turn of the event loop come along.
    await nextTurn();
    let isWriting = true;
    let tell = NOBODY;
    while (isWriting && this.pending.length > 0) {
      const earlyMs = this.wroteAt + SPACING_MS - performance.now();
      if (earlyMs > 0) {
        tell();
        tell = NOBODY;
        await delay(earlyMs);
      }
      this.wroteAt = performance.now();
      const batch = this.pending.splice(0, MAX_BATCH);
      const writing = this.writeBatch(batch);
      // All that wait go on at once, and the database would be idle meanwhile: it gets its next statement before they do. The
      // driver hands it over within two ticks; a whole turn of the event loop takes a crowd milliseconds.
      process.nextTick((those: () => void) => process.nextTick(those), tell);
      isWriting = await writing;
      tell = isWriting ? () => batch.forEach(({ waiter }) => waiter?.resolve()) : NOBODY;
    }
    tell();
    // At once, not when the promise settles: whoever adds in between would find nobody at work.
    this.flushing = null;
    // Of a failure, those who had come by then were told.
    if (this.pending.some(({ waiter }) => waiter !== null)) void this.flush();
    else if (this.pending.length > 0) this.flushIn(RETRY_MS);
  }

  /** Doesn't tell those who wait of a success, but of a failure. */
  private async writeBatch(batch: readonly Pending[]): Promise<boolean> {
    this.inHand = batch;
    try {
      await this.chain.write(batch);
      this.written += batch.length;
      if (this.refusals > 0) this.refusals -= batch.filter(isRefusal).length;
      if (this.isFailing) this.log.warn('audit records are written again');
      this.isFailing = false;
      this.tellSettled(this.written);
      return true;
    } catch (error) {
      this.failed(batch, error);
      return false;
    } finally {
      this.inHand = [];
    }
  }

  private failed(batch: readonly Pending[], error: unknown): void {
    if (!this.isFailing) this.log.error({ err: error }, 'audit records can not be written');
    this.isFailing = true;
    // Those that somebody waits for are told now: what they were to precede does not happen.
    for (const { waiter } of [...batch, ...this.pending]) waiter?.reject(error);
    this.pending = [...batch, ...this.pending].filter(({ waiter }) => waiter === null);
    if (this.pending.length > 0) this.flushIn(RETRY_MS);
    this.tellSettled(Infinity);
  }

  private tellSettled(upTo: number): void {
    while (this.settling[0] !== undefined && this.settling[0].upTo <= upTo) this.settling.shift()?.resolve();
  }

  private flushIn(ms: number): void {
    this.later ??= setTimeout(() => {
      this.later = null;
      void this.flush();
    }, ms).unref();
  }

  private logHead(): void {
    const { head } = this.chain;
    if (head === null || head.hash === this.loggedHash) return;
    this.loggedHash = head.hash;
    this.headLog.info({ ...head }, 'audit head');
  }
}
