/**
 * What a subscription's request asks for: GraphQL over HTTP, section 5.3, and the hash of a persisted operation in the place
 * of its text, by the rules that Apollo has for it (https://www.apollographql.com/docs/apollo-server/performance/apq).
 */
import { hash } from 'node:crypto';
import { ApolloServerErrorCode } from '@apollo/server/errors';
import { bareHash, type PersistedOperations } from './persisted-manifest';
import { isRecord } from '../is-record';

/** A subscription's text, and what goes with it. */
export interface SubscriptionParams {
  query: string;
  sha256: string;
  variables: Record<string, unknown>;
  operationName: string | null;
}

/** Told to the caller with HTTP 400. */
export interface ParamsRefusal {
  code: string;
  message: string;
}

const { BAD_REQUEST, PERSISTED_QUERY_NOT_FOUND, PERSISTED_QUERY_NOT_SUPPORTED } = ApolloServerErrorCode;
const refusal = (code: string, message: string): ParamsRefusal => ({ code, message });

const MALFORMED = refusal(BAD_REQUEST, 'Send one subscription operation as JSON.');
// In Apollo's words, which its clients know.
const NOT_SUPPORTED = refusal(PERSISTED_QUERY_NOT_SUPPORTED, 'PersistedQueryNotSupported');
const NOT_FOUND = refusal(PERSISTED_QUERY_NOT_FOUND, 'PersistedQueryNotFound');
const UNSUPPORTED_VERSION = refusal(BAD_REQUEST, 'Unsupported persisted query version');
const OTHER_HASH = refusal(BAD_REQUEST, 'provided sha does not match query');

/** The text that is meant, whether it was sent or only named. */
function findText(
  query: unknown,
  persistedQuery: unknown,
  { mode, manifest }: PersistedOperations,
): { text: string; sha256: string } | ParamsRefusal {
  if (query !== undefined && typeof query !== 'string') return MALFORMED;
  const sha256 = query === undefined ? '' : hash('sha256', query);
  if (!persistedQuery) return query === undefined ? MALFORMED : { text: query, sha256 };
  if (mode === 'off') return NOT_SUPPORTED;
  if (!isRecord(persistedQuery) || persistedQuery['version'] !== 1) return UNSUPPORTED_VERSION;
  const { sha256Hash } = persistedQuery;
  if (query !== undefined) return sha256Hash === sha256 ? { text: query, sha256 } : OTHER_HASH;
  const name = typeof sha256Hash === 'string' ? bareHash(sha256Hash) : '';
  const text = manifest.get(name);
  return text === undefined ? NOT_FOUND : { text, sha256: name };
}

/** `variables`, `operationName` and `extensions` may be left out or null. */
export function readParams(body: unknown, persisted: PersistedOperations): SubscriptionParams | ParamsRefusal {
  if (!isRecord(body)) return MALFORMED;
  const variables = body['variables'] ?? {};
  const operationName = body['operationName'] ?? null;
  const extensions = body['extensions'] ?? {};
  if (!isRecord(variables) || !isRecord(extensions)) return MALFORMED;
  if (operationName !== null && typeof operationName !== 'string') return MALFORMED;
  const found = findText(body['query'] ?? undefined, extensions['persistedQuery'], persisted);
  return 'code' in found ? found : { query: found.text, sha256: found.sha256, variables, operationName };
}
