/** The audit trail as services see it. Records of concurrent kicks are written together: one statement at a time. */
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import type { Database } from '../store/database';
import { isRefusedContent } from '../store/database-fault';
import type { Logger } from '../observability/logger';
import { AuditChain } from './audit-chain';
import type { AuditEntry } from './audit-record';
import { HeadLog } from './head-log';
import { LostRecords, MAY_BE_LOST } from './lost-record';
import { hasRoomFor, isRefusal, pendingOf, type Pending } from './pending';
import { Settling } from './settling';

/** In one statement at most. */
const MAX_BATCH = 500;
/** Outcomes, which nobody waits for, gather so long, unless something that must be written takes them along. Milliseconds. */
const GATHER_MS = 20;
/** Between two statements' beginnings: a busy gateway writes fewer, longer ones; an idle one, at once. Milliseconds. */
const SPACING_MS = 2;
/** Before outcomes that could not be written are tried again. Milliseconds. */
const RETRY_MS = 500;
/** How long the end of the process waits for the last records: less than is left of it (src/main.ts). Milliseconds. */
const LAST_MS = 3000;
const NOBODY = (): void => undefined;

export class AuditLog {
  private readonly chain: AuditChain;
  private pending: Pending[] = [];
  /** Of the records that are not written yet. */
  private refusals = 0;
  /** In the statement that is under way. */
  private inHand: readonly Pending[] = [];
  private flushing: Promise<void> | null = null;
  private readonly settling = new Settling();
  /** In one statement now: fewer when one has failed, as it may have been too long, or one record in it is refused. */
  private most = MAX_BATCH;
  /** The next flush that nobody waits for. */
  private later: NodeJS.Timeout | null = null;
  private isFailing = false;
  private isStopped = false;
  private wroteAt = -Infinity;
  private readonly headLog: HeadLog;

  constructor(
    database: Database,
    private readonly log: Logger,
    private readonly lost = new LostRecords(log),
  ) {
    this.chain = new AuditChain(database, ({ entry, time }) => this.add(pendingOf(entry, null, time)));
    this.headLog = new HeadLog(log, () => this.chain.head);
  }

  /** For the record that must stand before something is done. Resolves once it does. @throws when it can't be written */
  write(entry: AuditEntry): Promise<void> {
    return new Promise((resolve, reject) => this.add(pendingOf(entry, { resolve, reject })));
  }

  /** For the record of what has happened already: never fails its caller, is tried until it stands, is loud if it can't. */
  note(entry: AuditEntry): void {
    const noted = pendingOf(entry, null);
    const hasRoom = hasRoomFor(noted, this.pending.length, this.refusals);
    if (!hasRoom || this.isStopped) return this.lost.tell(noted, this.isStopped ? 'ended' : 'no_room');
    if (isRefusal(noted)) this.refusals++;
    this.add(noted);
  }

  /** Resolves when everything noted so far has been written, or has failed once; what comes in meanwhile is not waited for. */
  async settle(): Promise<void> {
    if (this.waiting === 0 || (this.isFailing && this.flushing === null)) return;
    void this.flush();
    await this.settling.after(this.waiting);
  }

  /** Milliseconds that the oldest record not yet written has waited. */
  get lagMs(): number {
    const oldest = this.inHand[0] ?? this.pending[0];
    return oldest === undefined ? 0 : performance.now() - oldest.since;
  }

  /** Records that are not written yet. */
  get waiting(): number {
    return this.inHand.length + this.pending.length;
  }

  /** For a record that could not be written: see {@link AuditChain.abandon}. */
  abandon(entry: AuditEntry): void {
    this.chain.abandon(entry);
  }

  /** Writes what is left, again and again if it has to be, for as long as an end may take. */
  async stop(): Promise<void> {
    await Promise.race([this.writeLast(), delay(LAST_MS, undefined, { ref: false })]);
    this.isStopped = true;
    this.chain.stop();
    for (const inDoubt of this.inHand) this.lost.tell(inDoubt, 'ended', MAY_BE_LOST);
    for (const lost of this.pending.splice(0)) this.lost.tell(lost, 'ended');
    this.headLog.stop();
  }

  private async writeLast(): Promise<void> {
    await this.settle();
    await this.flushing;
    await this.chain.look();
    if (this.later !== null) clearTimeout(this.later);
    for (; this.pending.length > 0 && !this.isStopped; await delay(this.isFailing ? RETRY_MS : 0)) await this.flush();
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
    let tell: (() => void) | null = NOBODY;
    while (tell !== null && this.pending.length > 0) {
      const earlyMs = this.wroteAt + SPACING_MS - performance.now();
      if (earlyMs > 0) {
        tell();
        tell = NOBODY;
        await delay(earlyMs);
      }
      this.wroteAt = performance.now();
      const batch = this.pending.splice(0, this.most);
      const writing = this.writeBatch(batch);
      // All that wait go on at once, and the database would be idle meanwhile: it gets its next statement before they do. The
      // driver hands it over within two ticks; a whole turn of the event loop takes a crowd milliseconds.
      process.nextTick((those: () => void) => process.nextTick(those), tell);
      tell = await writing;
    }
    tell?.();
    // At once, not when the promise settles: whoever adds in between would find nobody at work.
    this.flushing = null;
    // Of a failure, those who had come by then were told.
    if (this.pending.some(({ waiter }) => waiter !== null)) void this.flush();
    else if (this.pending.length > 0) this.flushIn(RETRY_MS);
  }

  /** @returns what tells those who wait that theirs stand; null when nothing can be written for now, as they know by then */
  private async writeBatch(batch: readonly Pending[]): Promise<(() => void) | null> {
    this.inHand = batch;
    try {
      await this.chain.write(batch);
    } catch (error) {
      return isRefusedContent(error) ? this.refused(batch, error) : this.failed(batch, error);
    } finally {
      this.inHand = [];
    }
    if (this.isFailing) this.log.warn('audit records are written again');
    this.isFailing = false;
    this.haveGone(batch);
    return () => batch.forEach(({ waiter }) => waiter?.resolve());
  }

  private haveGone(batch: readonly Pending[]): void {
    this.most = Math.min(MAX_BATCH, 2 * this.most);
    if (this.refusals > 0) this.refusals -= batch.filter(isRefusal).length;
    this.settling.haveGone(batch.length);
  }

  /** Tried again, such a record would keep all others waiting for ever. It is looked for, given up, and loudly. */
  private refused(batch: readonly Pending[], error: unknown): () => void {
    const [record] = batch;
    // Once more in any case, and then in another chain: it may be the place in this one that is refused.
    if (this.most > 1 || record === undefined) {
      this.most = 1;
      this.pending = [...batch, ...this.pending];
      return NOBODY;
    }
    this.log.error({ err: error }, 'the database refuses an audit record for what is in it');
    if (record.waiter === null) this.lost.tell(record, 'refused');
    this.haveGone(batch);
    return () => record.waiter?.reject(error);
  }

  private failed(batch: readonly Pending[], error: unknown): null {
    if (!this.isFailing) this.log.error({ err: error }, 'audit records can not be written');
    this.isFailing = true;
    this.most = Math.ceil(this.most / 8);
    // Those that somebody waits for are told now: what they were to precede does not happen.
    for (const { waiter } of [...batch, ...this.pending]) waiter?.reject(error);
    this.pending = [...batch, ...this.pending].filter(({ waiter }) => waiter === null);
    this.settling.haveFailed();
    return null;
  }

  private flushIn(ms: number): void {
    this.later ??= setTimeout(() => {
      this.later = null;
      void this.flush();
    }, ms).unref();
  }
}
