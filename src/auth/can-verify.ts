/** Which keys of an issuer a signature can be checked with, and by which algorithms. */
import type { KeySetDocument } from './fetch-keys';

/** Asymmetric ones only (RFC 8725, section 3.1): with a shared secret in the list, a public key could pass for one. */
export const ALGORITHMS = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
];

/** Curves of the algorithms that are taken (RFC 7518, section 6.2.1.1; RFC 8037, section 2). */
const CURVES: Readonly<Record<string, readonly unknown[]>> = { EC: ['P-256', 'P-384', 'P-521'], OKP: ['Ed25519'] };
/** 2048 bits, the least that RFC 7518 allows (section 3.3), in base64url. Characters. */
const SHORTEST_MODULUS = 342;

/** Of a key type that is taken, with what makes up such a key. */
function hasKey({ kty, crv, n, x }: KeySetDocument['keys'][number]): boolean {
  if (kty === 'RSA') return typeof n === 'string' && n.length >= SHORTEST_MODULUS;
  return CURVES[kty]?.includes(crv) === true && typeof x === 'string';
}

/** Whether any token can be judged by them: asymmetric, and for signatures (RFC 7517, sections 4.1 to 4.4). */
export const canVerify = ({ keys }: KeySetDocument): boolean =>
  keys.some((key) => {
    const { use, alg, key_ops: operations } = key;
    const isForSignatures = use === undefined || use === 'sig';
    const mayVerify = !Array.isArray(operations) || operations.includes('verify');
    return (
      hasKey(key) && isForSignatures && mayVerify && (alg === undefined || ALGORITHMS.some((taken) => taken === alg))
    );
  });
