/** Callers' JWTs (RFC 7519), by the rules of RFC 8725: our list of algorithms, issuer and audience exactly, times. */
import type { JWTPayload } from 'jose';
import * as errors from 'jose/errors';
import { jwtVerify, type JWTVerifyOptions } from 'jose/jwt/verify';
import { ALGORITHMS } from './can-verify';
import { ClaimError, CLOCK_TOLERANCE_SECONDS, principalOf } from './claims';
import type { Principal } from './principal';
import type { KeySet, SigningKeys } from './signing-keys';
import { VerifiedTokens } from './verified-tokens';

/** The token can't be accepted. `reason` is for the log: it names claims and never a value. */
export class TokenRefusedError extends Error {
  override readonly name = 'TokenRefusedError';
  constructor(
    readonly reason: string,
    cause?: unknown,
  ) {
    super(reason, { cause });
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTClaimValidationFailed || error instanceof errors.JWTExpired) {
    return `${error.claim} ${error.reason}`;
  }
  if (error instanceof errors.JOSEError) return error.code;
  if (error instanceof ClaimError) return error.message;
  return error instanceof Error ? error.name : 'unknown';
}

/** Whether newer keys could change the verdict: none is so named, or the issuer has put another key under an old name. */
const mayBeNewKey = (error: unknown): boolean =>
  error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWSSignatureVerificationFailed;

async function verifyWith(keys: KeySet, token: string, rules: JWTVerifyOptions): Promise<JWTPayload> {
  try {
    return (await jwtVerify(token, keys, rules)).payload;
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    for await (const key of error) {
      try {
        return (await jwtVerify(token, key, rules)).payload;
      } catch (mismatch) {
        if (!(mismatch instanceof errors.JWSSignatureVerificationFailed)) throw mismatch;
      }
    }
    throw new errors.JWSSignatureVerificationFailed();
  }
}

export class TokenVerifier {
  private readonly verified = new VerifiedTokens();
  private readonly rules: JWTVerifyOptions;

  constructor(
    private readonly keys: SigningKeys,
    private readonly issuer: string,
    audience: string,
  ) {
    this.rules = {
      issuer,
      audience,
      algorithms: ALGORITHMS,
      requiredClaims: ['exp', 'sub'],
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
    };
  }

  /** @throws {TokenRefusedError} */
  async verify(token: string): Promise<Principal> {
    const keys = this.keys.current ?? (await this.keys.seekNewer());
    if (keys === null) throw new TokenRefusedError('no keys');
    const known = this.verified.find(token, keys);
    if (known !== null) return known;
    try {
      return await this.check(token, keys);
    } catch (error) {
      const newer = mayBeNewKey(error) ? await this.keys.seekNewer() : keys;
      if (newer === null || newer === keys) throw new TokenRefusedError(reasonOf(error), error);
      return await this.check(token, newer).catch((again: unknown) => {
        throw new TokenRefusedError(reasonOf(again), again);
      });
    }
  }

  private async check(token: string, keys: KeySet): Promise<Principal> {
    const claims = await verifyWith(keys, token, this.rules);
    const principal = principalOf(claims, this.issuer);
    // `exp` is among the required claims; without it nothing would be remembered.
    this.verified.remember(token, keys, principal, claims.exp ?? 0);
    return principal;
  }
}
