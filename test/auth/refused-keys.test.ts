/** Keys that are not taken, wherever they come from. */
import type { ServerResponse } from 'node:http';
import { atEnd } from '../helpers/at-end';
import { startTestIssuer } from '../helpers/issuer';
import { startTestApp } from '../helpers/start-app';
import { TestIssuer } from '../helpers/test-issuer';
import { notesOf, statusOf } from './callers';

afterEach(() => jest.restoreAllMocks());

const start = async (issuer: TestIssuer) => startTestApp(issuer.environment);

describe('keys are not taken', () => {
  const text = (body: string) => (response: ServerResponse) => void response.writeHead(200).end(body);
  const discoveryOf = (document: Record<string, unknown>) => (issuer: TestIssuer) => void (issuer.discovery = document);

  it.each<[string, (issuer: TestIssuer) => void, string]>([
    ['from a discovery document of another issuer', discoveryOf({ issuer: 'https://other.example' }), 'discovery names another issuer than AUTH_ISSUER'], // prettier-ignore
    ['from an address that is not encrypted', discoveryOf({ jwks_uri: 'http://issuer.example/keys' }), 'discovery names a jwks_uri that is not https'], // prettier-ignore
    ['from an address that is none', discoveryOf({ jwks_uri: 'keys' }), 'discovery names a jwks_uri that is not https'],
    ['from a file', discoveryOf({ jwks_uri: 'file:///etc/passwd' }), 'discovery names a jwks_uri that is not https'],
    ['from a discovery document without an address', discoveryOf({ jwks_uri: undefined }), 'discovery is not the document that it should be'], // prettier-ignore
    ['from where a redirect leads', (issuer) => {
        issuer.broken.discovery = (response) => response.writeHead(302, { location: issuer.keysUrl }).end();
      }, 'discovery cannot be read: HTTP status 302'], // prettier-ignore
    ['from where a redirect of the key set leads', (issuer) => {
        const body = JSON.stringify({ keys: issuer.keys.map(({ publicJwk }) => publicJwk) });
        issuer.broken.keys = (response) => response.writeHead(307, { location: '/elsewhere' }).end(body);
      }, 'the key set cannot be read: HTTP status 307'], // prettier-ignore
    ['from an error', (issuer) => {
        issuer.broken.keys = (response) => response.writeHead(503).end('{"keys":[]}');
      }, 'the key set cannot be read: HTTP status 503'], // prettier-ignore
    ['from a page', (issuer) => void (issuer.broken.keys = text('<html>canary</html>')), 'the key set is not JSON'],
    ['from a list', (issuer) => void (issuer.broken.keys = text('[]')), 'the key set is not the document that it should be'], // prettier-ignore
    ['that are none', (issuer) => void (issuer.broken.keys = text('{"keys":[]}')), 'the key set has no key for signatures'], // prettier-ignore
    ['that are for encryption or secret', (issuer) => void (issuer.broken.keys = text('{"keys":[{"kty":"RSA","use":"enc"},{"kty":"oct"}]}')), 'the key set has no key for signatures'], // prettier-ignore
    ['that no algorithm of ours has', (issuer) => {
        const short = { kty: 'RSA', e: 'AQAB', n: 'x'.repeat(171) };
        const keys = [
          { kty: 'OKP', crv: 'X25519', x: 'x' },
          { kty: 'EC', crv: 'secp256k1', x: 'x', y: 'y' },
          { ...short, n: 'x'.repeat(342), alg: 'RSA-OAEP' },
          { ...short, n: 'x'.repeat(342), key_ops: ['encrypt'] },
          { kty: 'RSA' },
          short,
        ];
        issuer.broken.keys = text(JSON.stringify({ keys }));
      }, 'the key set has no key for signatures'], // prettier-ignore
    ['from a document without end', (issuer) => {
        issuer.broken.keys = (response) => void response.writeHead(200).write(`{"keys":[${' '.repeat(300_000)}`);
      }, 'the key set cannot be read: more than 262144 bytes'], // prettier-ignore
    ['from a connection that breaks off', (issuer) => {
        issuer.broken.keys = (response) => void response.writeHead(200).write('{', () => response.destroy());
      }, 'the key set cannot be read: UND_ERR_SOCKET'], // prettier-ignore
  ])('%s', async (_name, breakIt, reason) => {
    const issuer = await startTestIssuer('ES256');
    breakIt(issuer);
    const app = await start(issuer);
    expect(app.logs).toContainEqual(expect.objectContaining({ level: 50, reason }));
    expect(JSON.stringify(app.logs)).not.toContain('canary');
    expect(await statusOf(app, await issuer.issue())).toBe(401);
    expect(await notesOf(app)).toEqual(['AUTH_KEYS_UNAVAILABLE']);
  });

  it('from an issuer that never answers', async () => {
    const timeout = AbortSignal.timeout.bind(AbortSignal);
    const asked = jest.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => timeout(ms === 5000 ? 50 : ms));
    const issuer = new TestIssuer();
    issuer.broken.discovery = () => undefined;
    await issuer.start();
    atEnd(() => issuer.stop());
    const app = await start(issuer);
    expect(app.logs).toContainEqual(
      expect.objectContaining({ level: 50, reason: 'discovery cannot be read: TimeoutError' }),
    );
    expect(asked).toHaveBeenCalledWith(5000);
  });
});
