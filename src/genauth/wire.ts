/**
 * What goes over the wire, and the one place where an answer stops being untrusted.
 * Schemas: `KickUsersDto` and `IsSuccessRespDto` of Authing's management-openapi.json.
 */
import { isRecord } from '../is-record';

/** `options.userIdType` as GenAuth spells it: the enum of `KickUsersDto`. */
export type WireUserIdType =
  'user_id' | 'external_id' | 'phone' | 'email' | 'username' | 'identity' | 'sync_relation' | 'custom_field';

export interface KickUsersBody {
  userId: string;
  appIds: readonly string[];
  options: { userIdType: WireUserIdType };
}

/** What every answer has: success is told by `statusCode`, never by the HTTP status alone. */
export interface Envelope {
  statusCode: number;
  message: string;
  apiCode: number | null;
  requestId: string | null;
  /** Still untrusted: its shape depends on the call. */
  data: unknown;
}

/** The answer's bytes, and what was said beside them. */
export interface Answer {
  httpStatus: number;
  /** The `retry-after` header, as it came. */
  retryAfter: string | null;
  /** Null when there was more than we read. */
  body: Buffer | null;
}

/** GraphQL's Int; a code that doesn't fit is none of GenAuth's. */
const isInt32 = (value: unknown): value is number => typeof value === 'number' && (value | 0) === value;

/** Passes over a byte order mark, which a reader of JSON may ignore (RFC 8259, section 8.1). */
const utf8 = new TextDecoder();

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(utf8.decode(body));
  } catch {
    return undefined;
  }
}

/**
 * Reads the envelope, or answers null when the body isn't the documented one. `null` in place of an optional field is
 * taken as its absence, as serializers differ in that; any other wrong type makes the whole answer unreadable.
 */
export function parseEnvelope(body: Buffer | null): Envelope | null {
  const value = body === null ? undefined : parseJson(body);
  if (!isRecord(value)) return null;
  const { statusCode, message, data } = value;
  const apiCode = value['apiCode'] ?? null;
  const requestId = value['requestId'] ?? null;
  if (!isInt32(statusCode) || typeof message !== 'string') return null;
  if (apiCode !== null && !isInt32(apiCode)) return null;
  if (requestId !== null && typeof requestId !== 'string') return null;
  return { statusCode, message, apiCode, requestId, data };
}
