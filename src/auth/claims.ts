/** What a token says of its bearer, once its signature, issuer, audience and times have been found right. */
import type { JWTPayload } from 'jose';
import { isStorable } from '../store/storable';
import type { Principal } from './principal';
import { ALL_SCOPES } from './scope';

/** OpenID Connect Core 1.0, section 2, allows 255 ASCII characters. Characters are counted, not UTF-16 units. */
const MAX_SUBJECT_LENGTH = 256;

/** For clocks that differ. Seconds. */
export const CLOCK_TOLERANCE_SECONDS = 30;

/** A claim breaks a rule of ours. The message names the claim and never its value. */
export class ClaimError extends Error {
  override readonly name = 'ClaimError';
}

/** Actors are recorded: a subject has to be text that a database keeps as it is. */
function subjectOf({ sub }: JWTPayload): string {
  if (typeof sub !== 'string' || sub.trim() === '') throw new ClaimError('sub is blank');
  if ([...sub].length > MAX_SUBJECT_LENGTH) throw new ClaimError('sub is too long');
  if (!isStorable(sub)) throw new ClaimError('sub is not storable');
  return sub;
}

/** From `scope` (RFC 8693, section 4.2) and `permissions`; scopes of others and whatever isn't text are passed over. */
function grantedBy({ scope, permissions }: JWTPayload): Set<unknown> {
  const scopes = typeof scope === 'string' ? scope.split(' ') : [];
  const others: unknown[] = Array.isArray(permissions) ? permissions : [];
  return new Set([...scopes, ...others]);
}

/** @throws {ClaimError} */
export function principalOf(claims: JWTPayload, issuer: string): Principal {
  const granted = grantedBy(claims);
  return {
    subject: subjectOf(claims),
    issuer,
    scopes: new Set(ALL_SCOPES.filter((scope) => granted.has(scope))),
    untilMs: ((claims.exp ?? 0) + CLOCK_TOLERANCE_SECONDS) * 1000,
  };
}
