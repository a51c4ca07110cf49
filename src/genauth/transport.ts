/** One HTTP exchange with GenAuth, and an exact account of how far it got. Nothing here knows what an answer means. */
import type { Dispatcher } from 'undici';
import type { HangUp } from '../hang-up';
import { LONGEST_TIMER_MS } from '../longest-timer';
import type { Answer } from './wire';

/** An answer is read up to here; GenAuth's are a few hundred bytes. */
export const MAX_ANSWER_BYTES = 1024 * 1024;

/**
 * How an exchange failed. `not-sent`: no byte left for GenAuth (refused, DNS, TLS, no connection in time). `stale`: there
 * was a connection, but too late, and no byte left. `hung-up`: no byte left, as its caller had gone. `lost`: the connection
 * ended after the request was handed to it. `timeout`: sent, and no whole answer in time.
 */
export type TransportFailure = 'not-sent' | 'stale' | 'hung-up' | 'lost' | 'timeout';

export class TransportError extends Error {
  override readonly name = 'TransportError';
  constructor(
    readonly failure: TransportFailure,
    cause?: unknown,
  ) {
    super(`GenAuth: ${failure}`, { cause });
  }
}

export interface OutgoingRequest {
  method: 'GET' | 'POST';
  /** With the query. */
  path: string;
  headers: Record<string, string>;
  body: string | null;
}

/** Ways out of an exchange that has not been sent yet. */
export interface SendingRules {
  /** Drops the request. */
  hangUp?: HangUp | undefined;
  /** Asked when a connection stands; false: it may not go any more. */
  maySend?: () => boolean;
}

type Controller = Dispatcher.DispatchController;

/**
 * undici tells by `onRequestStart` that a connection stands and the request is about to be written to it. That moment
 * parts "nothing was sent" from "may have taken effect", which `undici.request` does not show; so we dispatch.
 */
class ExchangeHandler implements Dispatcher.DispatchHandler {
  private controller: Controller | null = null;
  private isSettled = false;
  private httpStatus = 0;
  private retryAfter: string | null = null;
  private readonly chunks: Buffer[] = [];
  private size = 0;
  private readonly timer: NodeJS.Timeout;

  constructor(
    timeoutMs: number,
    private readonly resolve: (answer: Answer) => void,
    private readonly reject: (error: TransportError) => void,
    private readonly rules: SendingRules,
  ) {
    const cappedMs = Math.min(timeoutMs, LONGEST_TIMER_MS);
    this.timer = setTimeout(() => this.fail(this.controller === null ? 'not-sent' : 'timeout'), cappedMs);
    rules.hangUp?.addEventListener('abort', this.onHangUp);
  }

  /** A kick that was sent is left alone when its caller hangs up; one still waiting for a connection is dropped. */
  private readonly onHangUp = (): void => {
    if (this.controller === null) this.fail('hung-up');
  };

  private settle(): boolean {
    if (this.isSettled) return false;
    this.isSettled = true;
    clearTimeout(this.timer);
    this.rules.hangUp?.removeEventListener('abort', this.onHangUp);
    return true;
  }

  private fail(failure: TransportFailure, cause?: unknown): void {
    if (!this.settle()) return;
    this.reject(new TransportError(failure, cause));
    this.controller?.abort(new Error('The exchange is over.'));
  }

  private succeed(body: Buffer | null): void {
    if (this.settle()) this.resolve({ httpStatus: this.httpStatus, retryAfter: this.retryAfter, body });
  }

  onRequestStart(controller: Controller): void {
    // Waited too long for a connection, or given up meanwhile: it must not go out any more. Throwing keeps the connection
    // for others, where aborting would end it.
    if (this.rules.maySend?.() === false) this.fail('stale');
    if (this.isSettled) throw new Error('Given up before it was sent.');
    this.controller = controller;
  }

  onResponseStart(
    _controller: Controller,
    statusCode: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (statusCode < 200) return;
    this.httpStatus = statusCode;
    const retryAfter = headers['retry-after'];
    this.retryAfter = typeof retryAfter === 'string' ? retryAfter : null;
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    this.size += chunk.length;
    if (this.size <= MAX_ANSWER_BYTES) {
      this.chunks.push(chunk);
      return;
    }
    this.succeed(null);
    controller.abort(new Error('The answer is too large.'));
  }

  onResponseEnd(): void {
    this.succeed(Buffer.concat(this.chunks));
  }

  onResponseError(_controller: Controller, error: Error): void {
    this.fail(this.controller === null ? 'not-sent' : 'lost', error);
  }
}

/**
 * Sends one request and reads one answer, redirects not followed.
 * @param timeoutMs for all of it, waiting for a connection included
 * @throws {TransportError} at once when it can't be done, at the latest after `timeoutMs`
 */
export const exchange = (
  dispatcher: Dispatcher,
  request: OutgoingRequest,
  timeoutMs: number,
  rules: SendingRules = {},
) =>
  new Promise<Answer>((resolve, reject) => {
    dispatcher.dispatch(request, new ExchangeHandler(timeoutMs, resolve, reject, rules));
  });
