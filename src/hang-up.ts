/**
 * Whether the caller has gone. The part of an AbortSignal that is needed, and one can stand in for it; a real one for each
 * request, with a listener at every storey, costs more than the signature of the call to GenAuth.
 */
export interface HangUp {
  readonly aborted: boolean;
  addEventListener: (type: 'abort', listener: () => void) => void;
  removeEventListener: (type: 'abort', listener: () => void) => void;
}

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
