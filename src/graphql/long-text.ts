/** Texts too long to be parsed, at both addresses. */
import { GraphQLError } from 'graphql';
import { isRecord } from '../is-record';
import { LimitCode, LIMITS } from './limits';

/**
 * The text of a request by POST, looked at before anything is made of it: graphql-js counts no comments as tokens, but makes
 * a hundred bytes of each, and keeps them with the document. By GET, Node takes 16 kB.
 */
export function findLongText(body: unknown): GraphQLError | null {
  const text = isRecord(body) ? body['query'] : undefined;
  if (typeof text !== 'string' || text.length <= LIMITS.characters) return null;
  const message = `A document may have at most ${LIMITS.characters} characters; what is long goes into variables.`;
  return new GraphQLError(message, { extensions: { code: LimitCode.PAYLOAD_TOO_LARGE, http: { status: 413 } } });
}
