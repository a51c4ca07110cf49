/** Whose tokens the measured servers take: keys on a free port, and callers with a token each. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

const AUDIENCE = '62188e700000000000000001';
/** So that no more than a few kicks are one caller's. */
const CALLERS = 16;

export interface BenchIssuer {
  env: Record<'AUTH_ISSUER' | 'AUTH_AUDIENCE' | 'AUTH_JWKS_URL', string>;
  tokens: string[];
  stop: () => void;
}

export async function startIssuer(): Promise<BenchIssuer> {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid: 'bench', alg: 'RS256', use: 'sig' };
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ keys: [jwk] }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}/oidc`;
  const issue = (subject: string) =>
    new SignJWT({ scope: 'openid profile users:kick kicks:read' })
      .setProtectedHeader({ alg: 'RS256', kid: 'bench', typ: 'JWT' })
      .setIssuer(issuer)
      .setAudience(AUDIENCE)
      .setSubject(subject)
      .setIssuedAt()
      .setExpirationTime('4h')
      .sign(privateKey);
  const names = Array.from(
    { length: CALLERS },
    (_, index) => `5f64afd1ad501364e3b43c${index.toString(16).padStart(2, '0')}`,
  );
  return {
    env: { AUTH_ISSUER: issuer, AUTH_AUDIENCE: AUDIENCE, AUTH_JWKS_URL: `${issuer}/keys` },
    tokens: await Promise.all(names.map(issue)),
    stop: () => void server.close(),
  };
}
