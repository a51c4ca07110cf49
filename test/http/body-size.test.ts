/** How long a request may be. What startKickJob may send more is in test/security/amplification.test.ts. */
import { sendRaw } from '../helpers/raw-request';
import { startTestApp, type TestApp } from '../helpers/start-app';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});

describe('a body', () => {
  const bodyOf = (bytes: number, filler: string) => {
    const body = JSON.stringify({ query: '{ __typename }', padding: '' });
    return `${body.slice(0, -2)}${filler.repeat((bytes - body.length) / Buffer.byteLength(filler))}"}`;
  };
  const MOST = 64 * 1024;
  const post = async (body: string, init: RequestInit = {}) => {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${app.url}/graphql`, { method: 'POST', headers, body, ...init });
    const { errors } = await answer.json();
    return [answer.status, errors?.[0]?.extensions.code];
  };

  it.each([' ', 'x', 'é'])('of 64 KiB with %j is taken, and one byte more is not', async (filler) => {
    const most = bodyOf(MOST, filler);
    expect(Buffer.byteLength(most)).toBeGreaterThanOrEqual(MOST - 1);
    expect(await post(most)).toEqual([200, undefined]);
    expect(await post(`${most}  `)).toEqual([413, 'PAYLOAD_TOO_LARGE']);
  });

  it('is measured when its length is not announced', async () => {
    const body = new ReadableStream({
      start: (controller) => {
        controller.enqueue(Buffer.from(bodyOf(MOST + 1, 'x')));
        controller.close();
      },
    });
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${app.url}/graphql`, { method: 'POST', headers, body, duplex: 'half' } as RequestInit);
    expect(answer.status).toBe(413);
  });

  it.each([
    ['announced', { 'content-length': String(20 * 1024 * 1024) }],
    ['not announced', { 'transfer-encoding': 'chunked' }],
  ])('that is much too long is told so to who sends on, its length %s', async (_, framing) => {
    const headers = { 'content-type': 'application/json', ...framing };
    const body = 'x'.repeat(5 * 1024 * 1024);
    const answer = await sendRaw(`${app.url}/graphql`, { method: 'POST', headers, body, isUnfinished: true });
    expect(answer).toMatchObject({ status: 413, body: { errors: [{ extensions: { code: 'PAYLOAD_TOO_LARGE' } }] } });
    // Ended with the answer, the connection would break under whoever is still sending.
    expect(answer.headers.connection).not.toBe('close');
  });
});
