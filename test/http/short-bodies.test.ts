/** How long a body may be of a caller who may start no job, which is told before the rest of it is read. */
import { eventually } from '../helpers/eventually';
import { startTestIssuer } from '../helpers/issuer';
import { openConnection } from '../helpers/raw-connection';
import { sendRaw } from '../helpers/raw-request';
import { startTestApp } from '../helpers/start-app';

const MOST = 64 * 1024;
const TOO_LONG = { errors: [{ extensions: { code: 'PAYLOAD_TOO_LARGE' } }] };

let url: string;
let authorization: string;
beforeAll(async () => {
  const issuer = await startTestIssuer('ES256');
  url = (await startTestApp(issuer.environment)).url;
  authorization = `Bearer ${await issuer.issue({ scope: 'kicks:read' })}`;
});

const bodyOf = (bytes: number) => {
  const body = JSON.stringify({ query: '{ viewer { scopes } }', padding: '' });
  return `${body.slice(0, -2)}${'x'.repeat(bytes - body.length)}"}`;
};

describe.each([
  // Announced, it is refused before anything has come of it but its first byte.
  ['announced', (bytes: number) => ({ 'content-length': String(bytes) }), (body: string) => body.slice(0, 1)],
  [
    'not announced',
    () => ({ 'transfer-encoding': 'chunked' }),
    (body: string) => `${body.length.toString(16)}\r\n${body}\r\n`,
  ],
])('its length %s', (_name, framing, begun) => {
  const post = (bytes: number) => {
    const headers = { 'content-type': 'application/json', authorization, ...framing(bytes) };
    return sendRaw(`${url}/graphql`, { method: 'POST', headers, body: bodyOf(bytes) });
  };

  it('64 KiB are taken', async () => {
    expect(await post(MOST)).toMatchObject({ status: 200, body: { data: { viewer: { scopes: ['kicks:read'] } } } });
  });

  it('one byte more is refused', async () => {
    expect(await post(MOST + 1)).toMatchObject({ status: 413, body: TOO_LONG });
  });

  it.each(['/graphql', '/graphql/stream'])(
    'one byte more is refused before its end at %s, and the connection of one without end is cut',
    async (path) => {
      const connection = await openConnection(url);
      const headers = { host: 'localhost', 'content-type': 'application/json', authorization, ...framing(MOST + 1) };
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
      connection.write(`POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n${begun(bodyOf(MOST + 1))}`);
      let isCut = false;
      void connection.ended.then(() => (isCut = true));
      // Not waited for as long as it takes: one that is only kept alive ends, too.
      await eventually(() => isCut);
      expect(connection.text()).toMatch(/^HTTP\/1\.1 413 /);
    },
  );
});
