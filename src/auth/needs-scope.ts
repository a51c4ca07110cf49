import { HeaderMap } from '@apollo/server';
import { GraphQLError } from 'graphql';
import { Extensions } from 'type-graphql';
import { challenge } from './challenge';
import type { Principal } from './principal';
import type { Scope } from './scope';

/**
 * The caller of this field needs one of the scopes named; of a field without any, no more than a good token. Each field of a
 * root type says so (src/graphql/guard-fields.ts).
 */
export const NeedsScope = (...scopes: readonly Scope[]) => Extensions({ scopes });

const refusal = (code: string, status: number, wwwAuthenticate: string, message: string): GraphQLError => {
  const headers = new HeaderMap([['www-authenticate', wwwAuthenticate]]);
  return new GraphQLError(message, { extensions: { code, http: { status, headers } } });
};

/**
 * @param scopes one of them will do; none at all: every caller will
 * @returns null for who may; else FORBIDDEN with HTTP 403, or UNAUTHENTICATED with HTTP 401 on a route that was left without
 * a door (RFC 6750, section 3.1)
 */
export function findRefusal(principal: Principal | null, scopes: readonly Scope[]): GraphQLError | null {
  if (principal === null) return refusal('UNAUTHENTICATED', 401, challenge(), 'A valid bearer token is needed.');
  if (scopes.length === 0 || scopes.some((scope) => principal.scopes.has(scope))) return null;
  const message = `The token lacks the scope ${scopes.join(' or ')}.`;
  return refusal('FORBIDDEN', 403, challenge('insufficient_scope'), message);
}
