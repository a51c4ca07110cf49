/** What can go wrong between a gateway and GenAuth. `ms` are milliseconds. */
type FaultKind =
  /** Waits, then carries the call out and answers as usual, whether or not the client still waits. */
  | { kind: 'delay'; ms: number }
  /** Carries the call out at once, answers late. */
  | { kind: 'delay-after-effect'; ms: number }
  /** Reads the request, never answers, leaves the connection open. */
  | { kind: 'never' }
  /** Closes the connection cleanly (FIN) without an answer. */
  | { kind: 'drop' }
  /** Resets the connection (RST). */
  | { kind: 'reset' }
  /** Announces more bytes than it sends, then closes. */
  | { kind: 'truncated' }
  /** Sends the headers, then one byte each `ms` (default 50), for ever. */
  | { kind: 'drip'; ms?: number }
  /** A proxy's error page; HTTP 200 by default. */
  | { kind: 'html'; status?: number }
  /** No body at all; HTTP 200 by default. */
  | { kind: 'empty'; status?: number }
  /** 307 to `/redirected` of the emulator by default: `receivedCount('/redirected')` tells whether it was followed. */
  | { kind: 'redirect'; location?: string; status?: number }
  /** A bare HTTP status with a plain text. */
  | { kind: 'status'; status: number; headers?: Record<string, string> }
  /** Any answer at all: a string is sent as it is, anything else as JSON. */
  | { kind: 'http'; status: number; headers?: Record<string, string>; body: unknown }
  /** A success whose message makes it `bytes` long. */
  | { kind: 'oversized'; bytes: number }
  /** An envelope (statusCode 400 by default) whose message repeats a secret of the request, or any text. */
  | { kind: 'echo'; what: EchoSource; statusCode?: number; apiCode?: number }
  | { kind: 'echo'; text: string; statusCode?: number; apiCode?: number }
  /** Any envelope; HTTP 200, an empty message and a random requestId by default. */
  | {
      kind: 'envelope';
      statusCode: number;
      apiCode?: number;
      message?: string;
      requestId?: string;
      data?: unknown;
      httpStatus?: number;
    };

export type EchoSource = 'authorization' | 'signature' | 'nonce' | 'access-key-id' | 'access-key-secret';

/** A fault stands in for the call's effect, unless `afterEffect` says that the call is carried out first. */
export type Fault = FaultKind & { afterEffect?: boolean };
