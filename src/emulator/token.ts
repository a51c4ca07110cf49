import { createHmac } from 'node:crypto';

const HEADER = encode({ alg: 'HS256', typ: 'JWT' });

function encode(part: unknown): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}

function sign(text: string, secret: string): string {
  return createHmac('sha256', secret).update(text).digest('base64url');
}

/**
 * A management token. The Java, Go and Python SDKs decode it and read `scoped_userpool_id`, so it has to be a real JWT with that claim.
 */
export function issueToken(userPoolId: string, secret: string, nowMs: number, lifetimeSeconds: number): string {
  const iat = Math.floor(nowMs / 1000);
  const payload = encode({ sub: userPoolId, scoped_userpool_id: userPoolId, iat, exp: iat + lifetimeSeconds });
  return `${HEADER}.${payload}.${sign(`${HEADER}.${payload}`, secret)}`;
}

/** Whether the token is one of ours and has not run out. */
export function isTokenValid(token: string, secret: string, nowMs: number): boolean {
  const [header, payload, signature] = token.split('.');
  if (header !== HEADER || payload === undefined || signature !== sign(`${header}.${payload}`, secret)) return false;
  const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString());
  return typeof claims === 'object' && claims !== null && 'exp' in claims && Number(claims.exp) * 1000 > nowMs;
}
