/** One attempt at one call: signed afresh, sent, read. */
import { Pool } from 'undici';
import { AppError, codeOf, ErrorCode, UntriedError } from '../errors';
import { recordedCode, type HangUp } from '../hang-up';
import { createStep } from '../in-step';
import type { AttemptReport } from './attempt-report';
import { fromTransport, readAnswer, type DataReading } from './failures';
import type { Priority } from '../priority';
import type { Permit } from './permit';
import { Redaction } from './redaction';
import type { Deadline } from './resilience';
import { DIALECTS, newNonce, signedHeaders, type HttpMethod, type Params, type SigningKey } from './signature';
import { exchange, TransportError, type OutgoingRequest } from './transport';
import type { Answer } from './wire';

export interface AttemptOptions {
  /** Origin, without a trailing slash. */
  host: string;
  key: SigningKey;
  dialect: keyof typeof DIALECTS;
  /** Language of GenAuth's messages. */
  lang: string;
  tenantId: string | null;
  userAgent: string;
  /** Milliseconds for one mutation's whole upstream work. */
  timeoutMs: number;
  onAttempt: (report: AttemptReport) => void;
}

/** Who is asking, for the log, for waiting and for giving up. */
export interface CallContext {
  requestId: string;
  /** Aborted when the caller has gone: what was not sent yet is dropped. */
  hangUp?: HangUp;
  /** `kick` if left out. The time of a job's call begins when it may go, not while it waits for its turn. */
  priority?: Priority;
  /** By `performance.now()`: nothing is sent later than this. */
  sendBy?: number;
  /** Awaited before each attempt is sent. Whatever it throws ends the call, and nothing is sent by this attempt. */
  beforeSend?: () => Promise<void>;
}

/** One attempt's place in its call. */
export interface Turn {
  /** From 1. */
  attempt: number;
  deadline: Deadline;
  permit: Permit;
  /** Of the call's attempts so far; this one's is added, so that none is ever passed on. */
  signatures: string[];
}

/** An endpoint of the Management API and how its `data` is read. */
export interface Call<T> {
  method: HttpMethod;
  path: string;
  params: Params;
  /** It changes nothing in GenAuth. */
  isRead: boolean;
  readData: (data: unknown) => DataReading<T>;
}

/** A clear yes of GenAuth's. */
export interface Success<T> {
  statusCode: number;
  message: string;
  requestId: string | null;
  data: T;
}

/** More sockets than this to one host mean that GenAuth is stuck, not that we are busy. */
const MAX_CONNECTIONS = 256;

/** As the query of a GET: strings, numbers and booleans only, as all the reads that we make have. */
const toQuery = (params: Params): string =>
  new URLSearchParams(
    Object.fromEntries(Object.entries(params).map(([name, value]) => [name, String(value)])),
  ).toString();

/** There is a connection, and no turn in time: the caller is told as those are who got none in the first place. */
const isPaceRefusal = (error: unknown): error is AppError =>
  error instanceof AppError && error.code === ErrorCode.RATE_LIMITED;

/** Answers that come in during one turn are read together. */
const inStep = createStep();

export class AttemptRunner {
  private readonly pool: Pool;
  private readonly redaction: Redaction;

  constructor(private readonly options: AttemptOptions) {
    this.pool = new Pool(options.host, {
      connections: MAX_CONNECTIONS,
      // A third of the deadline leaves time for another attempt; the deadline itself bounds everything else.
      connect: { timeout: Math.min(3000, Math.ceil(options.timeoutMs / 3)) },
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    const { id, secret } = options.key;
    // Together, too, as HTTP's "Basic" has them: in base64 neither shows by itself.
    this.redaction = new Redaction([id, secret, `${id}:${secret}`]);
  }

  /** @throws {AppError} what GenAuth's answer, or the lack of one, means */
  async run<T>(call: Call<T>, context: CallContext, turn: Turn): Promise<Success<T>> {
    const { attempt, signatures } = turn;
    const startedAt = performance.now();
    let endedAt: number | null = null;
    let reason: string | null = null;
    const report = (httpStatus: number | null, upstreamRequestId: string | null, error: AppError | null): void => {
      this.options.onAttempt({
        requestId: context.requestId,
        method: call.method,
        path: call.path,
        attempt,
        durationMs: (endedAt ?? performance.now()) - startedAt,
        httpStatus,
        upstreamRequestId,
        apiCode: error?.apiCode ?? null,
        code: error === null ? null : recordedCode(error),
        reason,
      });
    };
    const failWith = (error: AppError, httpStatus: number | null): never => {
      report(httpStatus, error.upstreamRequestId, error);
      throw error;
    };

    let answer: Answer;
    try {
      answer = await this.send(call, context, turn);
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
      reason = codeOf(error.cause) || null;
      return failWith(fromTransport(error.failure, error.cause), null);
    }
    // The rest is our own time, not GenAuth's.
    endedAt = performance.now();
    await inStep();
    const redaction = this.redaction.with(signatures);
    const reading = readAnswer(answer, { readData: call.readData, redaction, now: Date.now() });
    if (!reading.isOk) return failWith(reading.error, answer.httpStatus);
    const { statusCode, message, requestId } = reading.envelope;
    report(answer.httpStatus, requestId, null);
    return { statusCode, message, requestId, data: reading.data };
  }

  /** Lets requests under way finish. */
  stop(): Promise<void> {
    return this.pool.close();
  }

  /** @throws {TransportError} */
  private send<T>(call: Call<T>, context: CallContext, turn: Turn): Promise<Answer> {
    const { deadline, permit, signatures } = turn;
    // Time that passed unnoticed, as when the process was stopped, counts: a call this late may be somebody else's by now.
    const rules = { hangUp: context.hangUp, maySend: () => permit.isFresh && deadline.maySend() };
    const request = this.sign(call, context, signatures);
    return exchange(this.pool, request, deadline.remainingMs(), rules).catch((error: unknown) => {
      if (error instanceof TransportError && error.failure === 'stale')
        return this.sendLater(call, context, turn, error);
      throw error;
    });
  }

  /** There was a connection only when the call's turn, or its time, was over. For the turn, it stands now: another one will do. */
  private async sendLater<T>(call: Call<T>, context: CallContext, turn: Turn, error: TransportError): Promise<Answer> {
    const { deadline, permit } = turn;
    if (deadline.remainingMs() === 0) throw new TransportError('not-sent', error);
    deadline.refuseIfLate();
    await permit.acquire(deadline).catch((cause: unknown) => {
      if (isPaceRefusal(cause)) throw new UntriedError(cause.code, cause.message, { ...cause, cause });
      throw new TransportError(context.hangUp?.aborted === true ? 'hung-up' : 'not-sent', cause);
    });
    return this.send(call, context, turn);
  }

  private sign<T>(call: Call<T>, context: CallContext, signatures: string[]): OutgoingRequest {
    const { key, dialect, lang, tenantId, userAgent } = this.options;
    const { method, path, params } = call;
    const input = { method, path, params, lang, tenantId, nonce: newNonce(), now: Date.now() };
    const { headers, signature } = signedHeaders(input, key, DIALECTS[dialect]);
    signatures.push(signature);
    const isPost = method === 'POST';
    headers['accept'] = 'application/json';
    // Without it any coding may come (RFC 9110, section 12.5.3), and an answer of a few hundred bytes gains nothing by one.
    headers['accept-encoding'] = 'identity';
    if (isPost) headers['content-type'] = 'application/json';
    headers['user-agent'] = userAgent;
    headers['x-request-id'] = context.requestId;
    return {
      method,
      path: isPost ? path : `${path}?${toQuery(params)}`,
      headers,
      body: isPost ? JSON.stringify(params) : null,
    };
  }
}
