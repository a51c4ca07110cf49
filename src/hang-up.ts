import { ErrorCode, UntriedError, type AppError } from './errors';

/**
 * Whether the caller has gone. The part of an AbortSignal that is needed, and one can stand in for it; a real one for each
 * request, with a listener at every storey, costs more than the signature of the call to GenAuth.
 */
export interface HangUp {
  readonly aborted: boolean;
  addEventListener: (type: 'abort', listener: () => void) => void;
  removeEventListener: (type: 'abort', listener: () => void) => void;
}

/** In the place of an error's code where one is counted or on record, as nobody is there to be told of any. */
export const HUNG_UP = 'HUNG_UP';

/** What a failure is counted and on record as. */
export type RecordedCode = ErrorCode | typeof HUNG_UP;

/** Nothing was sent, as nobody waited for it any more. */
export class HungUpError extends UntriedError {
  override readonly name = 'HungUpError';
  /** @param cause if it is known by anything else than the caller's connection */
  constructor(cause?: unknown) {
    super(ErrorCode.UPSTREAM_UNAVAILABLE, 'The caller has hung up; nothing was sent.', { cause });
  }
}

export const recordedCode = (error: AppError): RecordedCode => (error instanceof HungUpError ? HUNG_UP : error.code);

export class CallerHangUp implements HangUp {
  aborted = false;
  private readonly listeners = new Set<() => void>();

  addEventListener(_type: 'abort', listener: () => void): void {
    this.listeners.add(listener);
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    this.listeners.delete(listener);
  }

  /** The first time counts. */
  note(): void {
    if (this.aborted) return;
    this.aborted = true;
    for (const listener of [...this.listeners]) listener();
  }
}
