import { createHmac, timingSafeEqual } from 'node:crypto';

/** The two dialects: header prefix and scheme word go together (authing-node-sdk 4.0.1, @genauth/nodejs 1.0.0). */
export type HeaderPrefix = 'x-authing-' | 'x-genauth-';

/** What the verifier needs of a request as it arrived. */
export interface SignedRequest {
  method: string;
  /** Path without query, as received. */
  path: string;
  /** Lower-case names. */
  headers: Readonly<Record<string, string>>;
  /** The parsed JSON body of a POST, the decoded and folded query of a GET; in the order received. */
  params: Readonly<Record<string, unknown>>;
}

export interface SignatureCredentials {
  prefix: HeaderPrefix;
  accessKeyId: string;
  signature: string;
}

const SCHEMES: ReadonlyMap<string, HeaderPrefix> = new Map([
  ['authing', 'x-authing-'],
  ['genauth', 'x-genauth-'],
]);

/** Reads `authing <key id>:<signature>`; null when the header is of another kind. The scheme word's case is ignored. */
export function parseSignatureHeader(authorization: string): SignatureCredentials | null {
  const [, scheme = '', accessKeyId = '', signature = ''] = /^(\w+) +([^:]*):(.*)$/.exec(authorization) ?? [];
  const prefix = SCHEMES.get(scheme.toLowerCase());
  return prefix === undefined ? null : { prefix, accessKeyId, signature };
}

/**
 * The text that client and server sign: method, the signed headers, path with parameters (authing-node-sdk 4.0.1,
 * src/utils/buildSignature.ts). Only the prefix's headers and `date` are signed. Values of parameters stand raw; objects and arrays
 * as JSON in the order sent. The C# SDK's form needs no rule of its own: it sends `x-authing-date` in place of `date`.
 */
export function buildStringToSign({ method, path, headers, params }: SignedRequest, prefix: HeaderPrefix): string {
  const signed = Object.keys(headers).filter((name) => name.startsWith(prefix) || name === 'date');
  const lines = signed.sort().map((name) => `${name}:${(headers[name] ?? '').replace(/[\t\n\r\f]/g, ' ').trim()}\n`);
  return `${method}\n${lines.join('')}${buildResource(path, params)}`;
}

function buildResource(path: string, params: Readonly<Record<string, unknown>>): string {
  const keys = Object.keys(params).sort();
  if (keys.length === 0) return path;
  return `${path}?${keys.map((key) => `${key}=${renderValue(params[key])}`).join('&')}`;
}

function renderValue(value: unknown): string {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}

/** Base64 of HMAC-SHA1 over the UTF-8 text. */
export function computeSignature(accessKeySecret: string, stringToSign: string): string {
  return createHmac('sha1', accessKeySecret).update(stringToSign, 'utf8').digest('base64');
}

/** Whether the signature is that of this request by the holder of the secret. Dates and nonces are judged elsewhere. */
export function verifySignature(
  request: SignedRequest,
  credentials: SignatureCredentials,
  accessKeySecret: string,
): boolean {
  const expected = Buffer.from(computeSignature(accessKeySecret, buildStringToSign(request, credentials.prefix)));
  const received = Buffer.from(credentials.signature);
  return expected.length === received.length && timingSafeEqual(expected, received);
}
