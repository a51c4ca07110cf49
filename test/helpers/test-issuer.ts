/** A real OpenID issuer on a free port: discovery, a key set that rotates, tokens as GenAuth's access tokens are made. */
import { gzipSync } from 'node:zlib';
import { randomUUID } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import { CompactSign, exportJWK, generateKeyPair, type CryptoKey, type JWK } from 'jose';
import { freePort } from './free-port';

const AUDIENCE = '62188e700000000000000001';
const LIFETIME_SECONDS = 3600;

export interface IssuerKey {
  algorithm: string;
  kid: string;
  privateKey: CryptoKey;
  publicJwk: JWK;
}

/** A key pair that no issuer has published. */
export async function makeKey(algorithm = 'RS256', kid: string = randomUUID()): Promise<IssuerKey> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true });
  const publicJwk = { ...(await exportJWK(publicKey)), kid, alg: algorithm, use: 'sig' };
  return { algorithm, kid, privateKey, publicJwk };
}

export type Claims = Record<string, unknown>;

export interface Signing {
  /** One of the issuer's, the first if left out. */
  key?: IssuerKey;
  /** On top of `alg`, `kid` and `typ`; undefined takes one away. */
  header?: Record<string, unknown>;
}

type Answer = (response: ServerResponse) => void;

export class TestIssuer {
  /** What the issuer publishes, and signs with: change it as you like. */
  keys: IssuerKey[] = [];
  readonly fetches = { discovery: 0, keys: 0 };
  /** Answers in the place of the usual ones. */
  broken: { discovery?: Answer; keys?: Answer } = {};
  /** Claims of the discovery document in the place of the usual ones. */
  discovery: Record<string, unknown> = {};
  private port = 0;
  private server = createServer();

  get url(): string {
    return `http://127.0.0.1:${this.port}/oidc`;
  }

  get keysUrl(): string {
    return `${this.url}/.well-known/jwks.json`;
  }

  get environment() {
    return { AUTH_ISSUER: this.url, AUTH_AUDIENCE: AUDIENCE };
  }

  /** On the port that it had before, if any. */
  async start(): Promise<void> {
    this.server = createServer(({ url, headers }, response) => {
      // As servers may, for whoever doesn't forbid it.
      const mayCompress = headers['accept-encoding'] !== 'identity';
      if (url === '/oidc/.well-known/openid-configuration') this.serve('discovery', response, mayCompress);
      else if (url === '/oidc/.well-known/jwks.json') this.serve('keys', response, mayCompress);
      else response.writeHead(404).end();
    });
    if (this.port === 0) this.port = await freePort();
    await new Promise<void>((resolve) => this.server.listen(this.port, '127.0.0.1', resolve));
  }

  /** Nothing listens any more. */
  async stop(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  private serve(what: 'discovery' | 'keys', response: ServerResponse, mayCompress: boolean): void {
    this.fetches[what] += 1;
    const answer = this.broken[what];
    if (answer !== undefined) return answer(response);
    const document =
      what === 'keys'
        ? { keys: this.keys.map(({ publicJwk }) => publicJwk) }
        : { issuer: this.url, jwks_uri: this.keysUrl, ...this.discovery };
    const text = JSON.stringify(document);
    response.setHeader('content-type', 'application/json');
    if (mayCompress) response.setHeader('content-encoding', 'gzip').end(gzipSync(text));
    else response.end(text);
  }

  /** Another key in the place of all others. */
  async rotate(algorithm?: string, kid?: string): Promise<IssuerKey> {
    const key = await makeKey(algorithm, kid);
    this.keys = [key];
    return key;
  }

  /** @param claims on top of those of an access token of GenAuth's; undefined takes one away */
  async issue(claims: Claims = {}, { key = this.keys[0]!, header }: Signing = {}): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const usual = {
      jti: randomUUID(),
      sub: '5f64afd1ad501364e3b43c1e',
      iat: now,
      exp: now + LIFETIME_SECONDS,
      scope: 'openid profile users:kick kicks:read',
      iss: this.url,
      aud: AUDIENCE,
    };
    // Undefined members are left out by JSON.
    const payload = new TextEncoder().encode(JSON.stringify({ ...usual, ...claims }));
    const { algorithm: alg, kid, privateKey } = key;
    return new CompactSign(payload).setProtectedHeader({ alg, kid, typ: 'JWT', ...header }).sign(privateKey);
  }
}
