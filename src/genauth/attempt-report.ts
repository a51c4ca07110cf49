import type { RecordedCode } from '../hang-up';
import type { HttpMethod } from './signature';

/** One attempt, as the log and the metrics see it: no bodies, no headers. */
export interface AttemptReport {
  /** The gateway's id of the request that this attempt serves. */
  requestId: string;
  method: HttpMethod;
  path: string;
  /** From 1. */
  attempt: number;
  durationMs: number;
  httpStatus: number | null;
  upstreamRequestId: string | null;
  /** GenAuth's own code of what was wrong. */
  apiCode: number | null;
  /** Null on success. */
  code: RecordedCode | null;
  /** Why there was no answer, by the code of Node's or undici's error (ENOTFOUND, CERT_HAS_EXPIRED, UND_ERR_SOCKET); null: no such error. */
  reason: string | null;
}
