import { HeaderMap } from '@apollo/server';
import { GraphQLError } from 'graphql';
import type { AuthChecker } from 'type-graphql';
import { challenge } from './challenge';
import type { Principal } from './principal';
import type { Scope } from './scope';

const refusal = (code: string, status: number, wwwAuthenticate: string, message: string): GraphQLError => {
  const headers = new HeaderMap([['www-authenticate', wwwAuthenticate]]);
  return new GraphQLError(message, { extensions: { code, http: { status, headers } } });
};

/**
 * `@Authorized(scope, ...)`: the caller needs one of the scopes named.
 * @throws {GraphQLError} FORBIDDEN with HTTP 403; UNAUTHENTICATED with HTTP 401 on a route that was left without a door
 * (RFC 6750, section 3.1)
 */
export const authChecker: AuthChecker<{ principal: Principal | null }, Scope> = ({ context }, scopes) => {
  const { principal } = context;
  if (principal === null) throw refusal('UNAUTHENTICATED', 401, challenge(), 'A valid bearer token is needed.');
  if (scopes.length === 0 || scopes.some((scope) => principal.scopes.has(scope))) return true;
  const message = `The token lacks the scope ${scopes.join(' or ')}.`;
  throw refusal('FORBIDDEN', 403, challenge('insufficient_scope'), message);
};
