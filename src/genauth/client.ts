/** GenAuth, as services see it: one method a call, tried again while that is harmless. */
import { setTimeout as delay } from 'node:timers/promises';
import { AppError, ErrorCode, UntriedError } from '../errors';
import { HungUpError } from '../hang-up';
import { asOutcome } from './as-outcome';
import { AttemptRunner, type AttemptOptions, type Call, type CallContext, type Success } from './attempt';
import { isOutage, readSuccessFlag, type DataReading } from './failures';
import { Permit, type Pacing } from './permit';
import { Circuit, type CircuitStateName } from './circuit';
import { Deadline, refuseAfter, tooLate, waitBeforeRetry } from './resilience';
import { isRecord } from '../is-record';
import { type KickUsersBody, type WireUserIdType } from './wire';

export interface GenAuthClientOptions extends AttemptOptions {
  /** Asked before each attempt of each call. */
  pace: Pacing;
  /** Failed attempts in a row that open the circuit; 0: never. */
  breakerFailures: number;
  onCircuitChange: (state: CircuitStateName) => void;
}

export interface KickCommand {
  userId: string;
  userIdType: WireUserIdType;
  /** 1 to 50. */
  appIds: readonly string[];
}

/** GenAuth's clear yes to a kick. */
export type KickReceipt = Omit<Success<true>, 'data'>;

const CHEAPEST_READ: Call<unknown> = {
  isRead: true,
  method: 'GET',
  path: '/api/v3/list-application-simple-info',
  params: { page: 1, limit: 1 },
  readData: (data) => (isRecord(data) ? { value: data } : 'unreadable'),
};

/** A kick is tried so often at most, the longest waits in between being those of `waitBeforeRetry`. */
const MAX_ATTEMPTS = 3;

/** For the log: nobody is left to be told. */

/** GenAuth is believed to mean so long at most, however long it asks for: then one call finds out. Milliseconds. */
const LONGEST_WAIT_MS = 60_000;

export class GenAuthClient {
  private readonly runner: AttemptRunner;
  readonly circuit: Circuit;
  private askedToWaitUntil = -Infinity;

  constructor(private readonly options: GenAuthClientOptions) {
    this.runner = new AttemptRunner(options);
    this.circuit = new Circuit(options.breakerFailures, options.onCircuitChange);
  }

  /**
   * Forces one user offline (`POST /api/v3/kick-users`).
   * @throws {AppError} with the code of the last attempt; its `mayHaveTakenEffect` speaks for all of them
   */
  kickUser(command: KickCommand, context: CallContext): Promise<KickReceipt> {
    const { userId, appIds, userIdType } = command;
    const path = '/api/v3/kick-users';
    const params = { userId, appIds, options: { userIdType } } satisfies KickUsersBody;
    return this.call({ isRead: false, method: 'POST', path, params, readData: readSuccessFlag }, context, MAX_ATTEMPTS);
  }

  /**
   * Whether a user has a session in an app (`POST /api/v3/check-session-status`).
   * @param userId GenAuth's own id: this call knows no other kind
   * @throws {AppError} USER_NOT_FOUND, APP_NOT_FOUND, or why it can't be told
   */
  async isSessionActive(userId: string, appId: string, context: CallContext): Promise<boolean> {
    const path = '/api/v3/check-session-status';
    const readData = (data: unknown): DataReading<boolean> =>
      isRecord(data) && typeof data['active'] === 'boolean' ? { value: data['active'] } : 'unreadable';
    return this.read({ method: 'POST', path, params: { userId, appId }, readData }, context);
  }

  /**
   * GenAuth's own id of a user who is known by another one (`GET /api/v3/get-user`).
   * @throws {AppError} USER_NOT_FOUND, or why it can't be told
   */
  async findUserId(userIdType: WireUserIdType, userId: string, context: CallContext): Promise<string> {
    const path = '/api/v3/get-user';
    const readData = (data: unknown): DataReading<string> =>
      isRecord(data) && typeof data['userId'] === 'string' ? { value: data['userId'] } : 'unreadable';
    return this.read({ method: 'GET', path, params: { userId, userIdType }, readData }, context);
  }

  /**
   * The cheapest signed read there is, to learn whether GenAuth takes our key.
   * @throws {AppError} UPSTREAM_REFUSED_CREDENTIALS when it doesn't, others when it can't be asked
   */
  async checkKey(context: CallContext): Promise<void> {
    await this.call(CHEAPEST_READ, context, 1);
  }

  /** Whether GenAuth answers at all, whatever it says. Goes past the circuit, and tells it nothing. Never throws. */
  async isAnswering(context: CallContext): Promise<boolean> {
    const deadline = new Deadline(this.options.timeoutMs);
    const permit = new Permit(this.options.pace, context);
    const hasTurn = await permit.acquire(deadline).then(() => true, () => false); // prettier-ignore
    if (!hasTurn) return false;
    const turn = { attempt: 1, deadline, permit, signatures: [] };
    return this.runner.run(CHEAPEST_READ, context, turn).then(
      () => true,
      (error: unknown) => {
        if (!(error instanceof AppError) || error instanceof UntriedError) return false;
        if (error.code === ErrorCode.RATE_LIMITED) this.noteRetryAfter(error);
        return !isOutage(error);
      },
    );
  }

  /** For how long GenAuth's last `Retry-After` still asks not to be called, whichever call it came with; 0: it doesn't. Milliseconds. */
  get askedToWaitMs(): number {
    return Math.max(0, this.askedToWaitUntil - performance.now());
  }

  /** Lets calls under way finish. */
  stop(): Promise<void> {
    return this.runner.stop();
  }

  private async read<T>(call: Omit<Call<T>, 'isRead'>, context: CallContext): Promise<T> {
    const { data } = await this.call({ ...call, isRead: true }, context, MAX_ATTEMPTS);
    return data;
  }

  private async call<T>(call: Call<T>, context: CallContext, maxAttempts: number): Promise<Success<T>> {
    const permit = new Permit(this.options.pace, context);
    // A job's call has its time from when it goes: neither the wait for its turn nor a slow database takes any of it.
    let deadline = context.priority === 'job' ? null : new Deadline(this.options.timeoutMs);
    let { sendBy = Infinity } = context;
    const signatures: string[] = [];
    let lastFailure: AppError | null = null;
    /** The last one that GenAuth may have carried out: a later attempt that was not sent takes nothing of it back. */
    let inDoubt: AppError | null = null;
    for (let attempt = 1; ; attempt++) {
      try {
        await this.untilItMayGo(context, permit, deadline);
        if (deadline === null) sendBy = Math.min(sendBy, performance.now() + this.options.timeoutMs);
        refuseAfter(sendBy);
        if (context.beforeSend !== undefined) {
          await context.beforeSend();
          if (!permit.isFresh) await permit.acquire(deadline, sendBy);
          refuseAfter(sendBy);
        }
        deadline ??= new Deadline(this.options.timeoutMs, sendBy);
      } catch (error) {
        // Before this attempt, so there is none. Where our own pace or the time is the reason, the attempt before it tells more.
        if (!(error instanceof AppError)) throw error;
        const isOurs = error.code === ErrorCode.RATE_LIMITED || error instanceof UntriedError;
        // A job's call waits for its turn as long as it takes, and only for another one, once it is marked, until `sendBy`.
        const own = deadline === null && error.code === ErrorCode.RATE_LIMITED ? tooLate() : error;
        throw asOutcome(isOurs ? (lastFailure ?? own) : error, inDoubt);
      }
      if (lastFailure !== null && !deadline.isWorthIt) throw asOutcome(lastFailure, inDoubt);
      const turn = { attempt, deadline, permit, signatures };
      try {
        const attemptIt = (): Promise<Success<T>> => this.runner.run(call, context, turn);
        return await (call.isRead ? this.circuit.runRead(attemptIt) : this.circuit.run(attemptIt));
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        // Our own pace, so there was no attempt: as above.
        const isPaced = error instanceof UntriedError && error.code === ErrorCode.RATE_LIMITED;
        if (isPaced) throw asOutcome(lastFailure ?? error, inDoubt);
        lastFailure = error;
        if (error.code === ErrorCode.RATE_LIMITED) this.noteRetryAfter(error);
        if (error.mayHaveTakenEffect) inDoubt = error;
        const isLast = attempt >= maxAttempts || context.hangUp?.aborted === true;
        const waitMs = isLast ? null : waitBeforeRetry(error, attempt, deadline, Math.random());
        if (waitMs === null) throw asOutcome(error, inDoubt);
        await delay(waitMs);
      }
    }
  }

  private noteRetryAfter({ retryAfterSeconds }: AppError): void {
    const waitMs = Math.min(LONGEST_WAIT_MS, (retryAfterSeconds ?? 0) * 1000);
    this.askedToWaitUntil = Math.max(this.askedToWaitUntil, performance.now() + waitMs);
  }

  /** An open circuit is told before, as it takes no turn. @throws {AppError} */
  private untilItMayGo({ hangUp }: CallContext, permit: Permit, deadline: Deadline | null): Promise<void> {
    if (hangUp?.aborted === true) throw new HungUpError();
    this.circuit.refuseIfOpen();
    return permit.acquire(deadline);
  }
}
