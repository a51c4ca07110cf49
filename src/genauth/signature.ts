/**
 * GenAuth's AK/SK request signature.
 *
 * The algorithm is that of the official SDK, `authing-node-sdk` 4.0.1 (src/utils/buildSignature.ts and
 * src/ManagementHttpClient.ts): an HMAC-SHA1 over the method, the signed headers in order of their names, and the
 * resource. SHA-1 is not our choice: the server accepts no other method (`apiCode` 1301). The body is signed as
 * `key=value` pairs with raw values, so it must be sent with the inner key order that was signed.
 */
import { createHmac } from 'node:crypto';
import { randomHex } from '../random-hex';

/** The two spellings of the protocol: Authing's own, and that of GenAuth's re-branded SDK. */
export interface Dialect {
  /** What the names of all signed headers but `date` begin with. */
  headerPrefix: 'x-authing-' | 'x-genauth-';
  /** The scheme word of the `authorization` header. */
  scheme: 'authing' | 'GenAuth';
  /** The client whose signing rules are followed; part of what is signed, so it names the SDK and not us. */
  sdkVersion: string;
}

export const DIALECTS = {
  authing: { headerPrefix: 'x-authing-', scheme: 'authing', sdkVersion: 'authing-node-sdk:4.0.1' },
  genauth: { headerPrefix: 'x-genauth-', scheme: 'GenAuth', sdkVersion: 'gen-auth-node-sdk:1.0.0' },
} as const satisfies Record<string, Dialect>;

export type HttpMethod = 'GET' | 'POST';
export type Params = Readonly<Record<string, unknown>>;
export type Headers = Readonly<Record<string, string>>;

/** What the SDK makes of a header value before it signs it. */
const canonicalValue = (value: string): string => value.replace(/[\t\n\r\f]/g, ' ').trim();

function canonicalHeaders(headers: Headers, prefix: Dialect['headerPrefix']): string {
  return Object.keys(headers)
    .filter((name) => name === 'date' || name.startsWith(prefix))
    .sort()
    .map((name) => `${name}:${canonicalValue(headers[name] ?? '')}\n`)
    .join('');
}

function canonicalResource(path: string, params: Params): string {
  const names = Object.keys(params).sort();
  if (names.length === 0) return path;
  const pairs = names
    .filter((name) => params[name] !== undefined)
    .map((name) => {
      const value = params[name];
      return `${name}=${typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value)}`;
    });
  return `${path}?${pairs.join('&')}`;
}

/**
 * The text that is signed: method, signed headers, resource. Header names must be in lower case.
 * @param params the query of a GET or the body of a POST, values raw (not URL-encoded)
 */
export function stringToSign(
  method: HttpMethod,
  path: string,
  headers: Headers,
  params: Params,
  prefix: Dialect['headerPrefix'],
): string {
  return `${method}\n${canonicalHeaders(headers, prefix)}${canonicalResource(path, params)}`;
}

/** base64 of HMAC-SHA1 over the UTF-8 text. */
export const sign = (secret: string, text: string): string =>
  createHmac('sha1', secret).update(text, 'utf8').digest('base64');

/** A fresh nonce, 32 hexadecimal characters as the SDK sends; GenAuth refuses one that it has seen (`apiCode` 1306). */
export const newNonce = (): string => randomHex();

/** What one signature is made from, beside the key. */
export interface SigningInput {
  method: HttpMethod;
  path: string;
  params: Params;
  lang: string;
  tenantId: string | null;
  nonce: string;
  /** Milliseconds since the epoch. */
  now: number;
}

export interface SigningKey {
  id: string;
  secret: string;
}

const namesWith = (prefix: Dialect['headerPrefix']) => ({
  nonce: `${prefix}signature-nonce`,
  method: `${prefix}signature-method`,
  version: `${prefix}signature-version`,
  sdkVersion: `${prefix}sdk-version`,
  lang: `${prefix}lang`,
  appId: `${prefix}app-id`,
});

/** Made once: names that are put together anew for each call are strange to V8 each time. */
const NAMES = { 'x-authing-': namesWith('x-authing-'), 'x-genauth-': namesWith('x-genauth-') };

let lastDate = { second: 0, text: new Date(0).toUTCString() };

/** The `date` header (RFC 9110, section 5.6.7), made once a second: V8 takes as long for it as for the signature's hash. */
function httpDate(now: number): string {
  const second = Math.floor(now / 1000);
  if (second !== lastDate.second) lastDate = { second, text: new Date(now).toUTCString() };
  return lastDate.text;
}

/** All headers that GenAuth's signature is about, `authorization` included; and the signature, to keep it out of logs. */
export function signedHeaders(input: SigningInput, key: SigningKey, dialect: Dialect) {
  const { headerPrefix: prefix } = dialect;
  const names = NAMES[prefix];
  const headers: Record<string, string> = { date: httpDate(input.now) };
  headers[names.nonce] = input.nonce;
  headers[names.method] = 'HMAC-SHA1';
  headers[names.version] = '1.0';
  headers[names.sdkVersion] = dialect.sdkVersion;
  headers[names.lang] = input.lang;
  if (input.tenantId !== null) headers[names.appId] = input.tenantId;
  const signature = sign(key.secret, stringToSign(input.method, input.path, headers, input.params, prefix));
  headers['authorization'] = `${dialect.scheme} ${key.id}:${signature}`;
  return { headers, signature };
}
