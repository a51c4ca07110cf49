/**
 * Works one chunk off: makes its lines this gateway's, works on several at once, and gives back what is left when its
 * time is up. The time is short, so that a chunk in the hands of a dead gateway is soon known to be lost.
 */
import { randomUUID } from 'node:crypto';
import { RecordTarget } from '../audit/audit-record';
import type { AuditService } from '../audit/audit.service';
import { MAX_APPS_PER_CALL } from '../kick/apps-per-call';
import type { KickUsersService } from '../kick/kick-users.service';
import type { Logger } from '../observability/logger';
import type { Tracing } from '../observability/tracing';
import type { Database } from '../store/database';
import { claimHeld } from './claim-held';
import { finishJob } from './finish-job';
import { findJob, setRunning, type JobRow } from './kick-job.repository';
import type { OwnedLine } from './kick-line.repository';
import type { HeldChunk, KickQueue } from './kick-queue';
import type { LineEnd, LineTools } from './line-tools';
import { LineWork } from './line-work';
import type { OwnIds } from './own-ids';
import { ReadBack, type SessionReads } from './read-back';
import type { SendGate } from './send-gate';

/** After lines that could not be sent now, a chunk is handed out again so much later. Milliseconds. */
const BACK_OFF_MS = 500;

export interface ChunkTools extends Pick<LineTools, 'store' | 'repeatableMs'> {
  database: Database;
  queue: KickQueue;
  gate: SendGate;
  kickUsers: KickUsersService;
  audit: AuditService;
  reads: SessionReads;
  ownIds: OwnIds;
  /** Links the calls of a job to the request that asked for it. */
  tracing: Tracing;
  log: Logger;
  /** For how long new calls of a chunk are begun. Milliseconds. */
  sliceMs: number;
  /** Whether GenAuth is known to be away, or our key refused. */
  isPaused: () => boolean;
  /** Told of each change that watchers of the job may want to see. */
  noteProgress: (jobId: string) => void;
}

const keyOf = ({ id }: JobRow, { line }: OwnedLine): string => `${id} ${line}`;

export class ChunkWork {
  private readonly owner = randomUUID();
  private readonly endsAt: number;
  /** One for each line under way: what is not sent yet is dropped. */
  private readonly drops = new Set<AbortController>();
  private isEnded = false;
  private claimedAt = 0;

  constructor(
    private readonly chunk: HeldChunk,
    private readonly tools: ChunkTools,
  ) {
    this.endsAt = performance.now() + tools.sliceMs;
  }

  /** Begins no new call, and drops those that wait to be sent. */
  end(): void {
    this.isEnded = true;
    for (const drop of this.drops) drop.abort();
  }

  async run(): Promise<void> {
    const { chunk, tools } = this;
    const job = await findJob(tools.database, chunk.jobId);
    if (job === undefined)
      return tools.queue.leaveAlone([chunk.id], 'chunks of jobs that are not there are left alone');
    if (job.finished_at !== null) return tools.queue.giveBack(chunk, null, 0);
    await setRunning(tools.database, job.id);
    this.claimedAt = performance.now();
    const lines = await claimHeld(tools.database, chunk, this.owner);
    if (lines === null) return;
    const timeUp = setTimeout(() => this.end(), Math.max(0, this.endsAt - performance.now()));
    const left = await this.workOn(job, lines).finally(() => clearTimeout(timeUp));
    await this.close(job, left);
  }

  private readonly mustStop = (): boolean => this.isEnded || performance.now() > this.endsAt || this.tools.isPaused();

  /** @returns the lines to go on with later */
  private async workOn(job: JobRow, lines: readonly OwnedLine[]): Promise<number[]> {
    const left: number[] = [];
    const begun: Promise<void>[] = [];
    const faults: unknown[] = [];
    for (const line of lines) {
      if (await this.tools.gate.enter(line.line, this.mustStop)) {
        begun.push(
          this.workLine(job, line).then(
            (end) => {
              // Lost to another gateway, it is looked after there; unless that one has lost it to us, and found so.
              if (end === 'settled') this.tools.noteProgress(job.id);
              else left.push(line.line);
            },
            (error: unknown) => {
              // The database is away, most likely: nothing more is begun.
              faults.push(error);
              this.end();
            },
          ),
        );
      } else left.push(line.line);
    }
    // All of them, before any fault is passed on: none may go on working behind our back.
    await Promise.all(begun);
    if (faults.length > 0) throw faults[0];
    return left;
  }

  private async workLine(job: JobRow, line: OwnedLine): Promise<LineEnd> {
    const { tools } = this;
    let isSent = false;
    const sent = (): void => {
      if (!isSent) tools.gate.sent();
      isSent = true;
    };
    const drop = new AbortController();
    this.mayBeDropped(drop);
    try {
      const work = this.lineWork(job, line, drop, sent);
      const end = await tools.tracing.linked('kick job line', job.traceparent, () => work.run());
      if (end !== 'later') tools.ownIds.forget(keyOf(job, line));
      return end;
    } finally {
      this.drops.delete(drop);
      sent();
      tools.gate.leave();
    }
  }

  private mayBeDropped(drop: AbortController): void {
    this.drops.add(drop);
    if (this.isEnded) drop.abort();
  }

  private lineWork(job: JobRow, line: OwnedLine, drop: AbortController, sent: () => void): LineWork {
    const { tools, owner } = this;
    const { issuer, subject, request_id: requestId, id: jobId } = job;
    const caller = { principal: { issuer, subject }, jobId, log: tools.log.child({ requestId, jobId }) };
    const context = { requestId, priority: 'job', hangUp: drop.signal } as const;
    const user = { type: job.user_id_type, id: line.user_id };
    return new LineWork(job, line, owner, {
      store: tools.store,
      readBack: new ReadBack(tools.reads, { ...user, line: keyOf(job, line) }, tools.ownIds, context),
      kick: (request, { beforeSend, sendBy }) =>
        tools.kickUsers
          .kickForJob(request, {
            ...caller,
            ...context,
            sendBy,
            beforeSend: async () => {
              // Its turn has come. Marked and recorded from here on, it would be on record as a failure if it were dropped.
              this.drops.delete(drop);
              await beforeSend();
              sent();
            },
          })
          .finally(() => this.mayBeDropped(drop)),
      claimedAt: this.claimedAt,
      appIdsOf: (index) => job.app_ids.slice(index * MAX_APPS_PER_CALL, (index + 1) * MAX_APPS_PER_CALL),
      repeatableMs: tools.repeatableMs,
      mustStop: this.mustStop,
      isCancelled: async () => {
        const state = (await findJob(tools.database, job.id))?.state;
        // Over already, where no call was under way.
        const isCancelled = state === 'CANCELLING' || state === 'CANCELLED';
        // The other lines need not find out one by one, each with a record and a turn that nobody uses.
        if (isCancelled) this.end();
        return isCancelled;
      },
      drop: () => drop.abort(),
      noteResolved: (outcome) => this.recordResolution(job, new RecordTarget(user.type, user.id), outcome),
    });
  }

  private recordResolution(job: JobRow, target: RecordTarget, letter: string): void {
    const { issuer, subject: actor, request_id: requestId, id: jobId } = job;
    const outcome = { k: 'KICKED', f: 'FAILED' }[letter] ?? 'UNKNOWN';
    this.tools.audit.after({ action: 'USER_RESOLVED', actor, issuer, requestId, jobId, target, details: { outcome } });
  }

  /** The job first: if this process dies in between, the chunk is handed out again and finds it finished. */
  private async close(job: JobRow, left: readonly number[]): Promise<void> {
    const { database, queue, store } = this.tools;
    if ((await findJob(database, job.id))?.state === 'CANCELLING') await store.skipUnsent(job.id);
    await finishJob(this.tools, job);
    this.tools.noteProgress(job.id);
    const rest = left.length === 0 ? null : { jobId: job.id, from: Math.min(...left), to: Math.max(...left) };
    await queue.giveBack(this.chunk, rest, this.isEnded ? 0 : BACK_OFF_MS);
  }
}
