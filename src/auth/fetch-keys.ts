/** Asks the issuer for its signing keys. The only place beside GenAuth's client that sends requests. */
import { request } from 'undici';
import { z } from 'zod';
import { isSafeUrl } from '../http/loopback';

/** For everything that one look at the keys takes. Milliseconds. */
const TIMEOUT_MS = 5000;
/** Some hundred keys; a document that is larger is none of ours. */
const MAX_BYTES = 256 * 1024;

/** Without the second one, an answer may be compressed (RFC 9110, section 12.5.3), which nobody here undoes. */
const HEADERS = { accept: 'application/json', 'accept-encoding': 'identity' };

export interface KeySource {
  /** Compared as it stands; a trailing slash makes another issuer. */
  issuer: string;
  /** Where the keys are; null: the issuer's discovery document says so. */
  jwksUrl: string | null;
}

const KEY_SET = z.object({ keys: z.array(z.looseObject({ kty: z.string() })) });
export type KeySetDocument = z.output<typeof KEY_SET>;

/** The keys can't be had. The message is ours: it repeats nothing that the issuer sent. */
export class KeysUnavailableError extends Error {
  override readonly name = 'KeysUnavailableError';
}

const fieldOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;

/** What went wrong below HTTP: the code of a socket or DNS error, or else the name of the exception. */
function describe(error: unknown): string {
  const code = fieldOf(error, 'code');
  const described = typeof code === 'string' ? code : fieldOf(error, 'name');
  return typeof described === 'string' ? described : 'unknown';
}

async function readText(address: string, signal: AbortSignal): Promise<string> {
  // A redirect is an answer like any other that isn't 200: keys come from where the operator said.
  const { statusCode, body } = await request(address, { signal, headers: HEADERS });
  // The loop throws it; an end before the loop is nobody's error.
  body.on('error', () => undefined);
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    if (statusCode !== 200) throw new KeysUnavailableError(`HTTP status ${statusCode}`);
    for await (const chunk of body as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > MAX_BYTES) throw new KeysUnavailableError(`more than ${MAX_BYTES} bytes`);
      chunks.push(chunk);
    }
  } finally {
    // Whatever is left of it.
    body.destroy();
  }
  return Buffer.concat(chunks).toString('utf8');
}

async function readDocument<T>(what: string, address: string, shape: z.ZodType<T>, signal: AbortSignal): Promise<T> {
  let text: string;
  try {
    text = await readText(address, signal);
  } catch (error) {
    const why = error instanceof KeysUnavailableError ? error.message : describe(error);
    throw new KeysUnavailableError(`${what} cannot be read: ${why}`, { cause: error });
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new KeysUnavailableError(`${what} is not JSON`);
  }
  const parsed = shape.safeParse(json);
  if (!parsed.success) throw new KeysUnavailableError(`${what} is not the document that it should be`);
  return parsed.data;
}

/** OpenID Connect Discovery 1.0, sections 4.1 (the address) and 4.3 (the issuer must be the very one asked). */
async function discover(issuer: string, signal: AbortSignal): Promise<string> {
  const address = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const shape = z.object({ issuer: z.string(), jwks_uri: z.string() });
  const { issuer: named, jwks_uri: jwksUrl } = await readDocument('discovery', address, shape, signal);
  if (named !== issuer) throw new KeysUnavailableError('discovery names another issuer than AUTH_ISSUER');
  if (!isSafeUrl(jwksUrl)) throw new KeysUnavailableError('discovery names a jwks_uri that is not https');
  return jwksUrl;
}

/** Reads the JSON Web Key Set (RFC 7517, section 5). @throws {KeysUnavailableError} */
export async function fetchKeys({ issuer, jwksUrl }: KeySource): Promise<KeySetDocument> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  return readDocument('the key set', jwksUrl ?? (await discover(issuer, signal)), KEY_SET, signal);
}
