import { GraphQLError } from 'graphql';
import type { AuthChecker } from 'type-graphql';
import type { Principal } from './principal';
import type { Scope } from './scope';

const refusal = (code: string, status: number, message: string): GraphQLError =>
  new GraphQLError(message, { extensions: { code, http: { status } } });

/**
 * `@Authorized(scope, ...)`: the caller needs one of the scopes named.
 * @throws {GraphQLError} UNAUTHENTICATED with HTTP 401 (RFC 6750, section 3.1), FORBIDDEN with HTTP 403
 */
export const authChecker: AuthChecker<{ principal: Principal | null }, Scope> = ({ context }, scopes) => {
  const { principal } = context;
  if (principal === null) throw refusal('UNAUTHENTICATED', 401, 'A valid bearer token is needed.');
  if (scopes.length === 0 || scopes.some((scope) => principal.scopes.has(scope))) return true;
  throw refusal('FORBIDDEN', 403, `The token lacks the scope ${scopes.join(' or ')}.`);
};
