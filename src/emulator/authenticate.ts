import { paramsOf, type Call } from './call';
import { type NonceMemory } from './nonces';
import type { EmulatorOptions } from './options';
import { refuse, type Refusal } from './refusal';
import { parseSignatureHeader, verifySignature, type SignatureCredentials } from './signature';
import { isTokenValid } from './token';

export interface Authentication {
  /** Null when the call may go on. */
  refusal: Refusal | null;
  /** Whether the HMAC, or the token, is right in itself; dates and nonces apart. */
  signatureValid: boolean;
}

/** Who is calling? A signed request (Node and C# SDKs) or one with a management token (Java, Go, Python, PHP) is accepted. */
export function authenticate(call: Call, options: EmulatorOptions, nonces: NonceMemory): Authentication {
  const authorization = call.headers['authorization'];
  if (authorization === undefined) return { refusal: refuse('notLoggedIn', options), signatureValid: false };
  const credentials = parseSignatureHeader(authorization);
  return credentials === null
    ? checkToken(call, authorization, options)
    : checkSignature(call, credentials, options, nonces);
}

/** docs' curl and the Java SDK send the token bare, Go, Python and PHP as `Bearer`; the pool's id goes beside it. */
function checkToken(call: Call, authorization: string, options: EmulatorOptions): Authentication {
  const token = authorization.replace(/^bearer +/i, '');
  if (!isTokenValid(token, options.accessKeySecret, call.at)) {
    return { refusal: refuse('notLoggedIn', options), signatureValid: false };
  }
  const poolId = call.headers['x-authing-userpool-id'] ?? call.headers['x-genauth-userpool-id'];
  return { refusal: poolId === options.accessKeyId ? null : refuse('poolNotFound', options), signatureValid: true };
}

/**
 * Order of the checks, assumed: form of the signature, date, signature, nonce. The nonce comes last, so that nobody without the
 * secret can use up another's.
 */
function checkSignature(
  call: Call,
  credentials: SignatureCredentials,
  options: EmulatorOptions,
  nonces: NonceMemory,
): Authentication {
  const { prefix } = credentials;
  const params = paramsOf(call);
  const isKnownKey = credentials.accessKeyId === options.accessKeyId;
  const signatureValid = isKnownKey && verifySignature({ ...call, params }, credentials, options.accessKeySecret);
  const header = (name: string) => call.headers[`${prefix}${name}`];
  const check = (): Refusal | null => {
    if (header('signature-method') !== 'HMAC-SHA1') return refuse('badSignatureMethod', options);
    if (header('signature-version') !== '1.0') return refuse('badSignatureVersion', options);
    const date = call.headers['date'] ?? header('date');
    if (date === undefined) return refuse('missingDate', options);
    const dateMs = parseDate(date);
    if (Number.isNaN(dateMs)) return refuse('malformedDate', options);
    if (Math.abs(call.at - dateMs) > options.skewWindowMs) return refuse('skewedDate', options);
    const nonce = header('signature-nonce');
    if (!signatureValid || nonce === undefined) return refuse('badSignature', options);
    return nonces.claim(nonce, call.at) ? null : refuse('replayedNonce', options);
  };
  return { refusal: check(), signatureValid };
}

/**
 * The Node SDK sends GMT text, the C# SDK and older Java ones Unix milliseconds (which is also what apiCode 1303's text asks for).
 * Unix milliseconds; NaN when it is neither.
 */
function parseDate(date: string): number {
  if (/^\d{1,16}$/.test(date)) return Number(date);
  return date.endsWith(' GMT') ? Date.parse(date) : NaN;
}
