/** From the Authorization header to a principal, or to the reason why there is none. */
import { OPEN_PRINCIPAL, type Principal } from './principal';
import { TokenRefusedError, type TokenVerifier } from './token-verifier';

/** `reason` is for the log; `hasToken` is false when there was nothing that could be one. */
export type Authentication = { principal: Principal } | { principal: null; reason: string; hasToken: boolean };

/** @param authorization the header as it came */
export type Authenticate = (authorization: string | undefined) => Promise<Authentication>;

/** RFC 6750, section 2.1; the scheme's case doesn't matter (RFC 9110, section 11.1). */
const BEARER = /^bearer +([\w.~+/-]+=*)$/i;

/** While no issuer is configured. */
export const admitAnyone: Authenticate = async () => ({ principal: OPEN_PRINCIPAL });

export const admitBearers =
  (verifier: TokenVerifier): Authenticate =>
  async (authorization) => {
    const token = BEARER.exec(authorization ?? '')?.[1];
    if (token === undefined) return { principal: null, reason: 'no bearer token', hasToken: false };
    try {
      return { principal: await verifier.verify(token) };
    } catch (error) {
      if (!(error instanceof TokenRefusedError)) throw error;
      return { principal: null, reason: error.reason, hasToken: true };
    }
  };
