/** Requests that are refused before they are an operation: of the form and the type that their caller understands. */
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { startTestIssuer } from '../helpers/issuer';
import { sendRaw } from '../helpers/raw-request';
import { startTestApp, type TestApp } from '../helpers/start-app';

const JSON_TYPE = { 'content-type': 'application/json' };

let app: TestApp;
/** Asks for tokens. */
let closed: TestApp;
beforeAll(async () => {
  app = await startTestApp();
  closed = await startTestApp((await startTestIssuer('ES256')).environment);
});

describe('a body that is compressed', () => {
  const text = JSON.stringify({ query: '{ __typename }' });
  const post = (coding: string, body: string | Buffer<ArrayBuffer>) =>
    fetch(`${app.url}/graphql`, { method: 'POST', headers: { ...JSON_TYPE, 'content-encoding': coding }, body });

  it.each([
    ['gzip', gzipSync(text)],
    ['GZIP', gzipSync(text)],
    ['br', brotliCompressSync(text)],
    ['deflate', deflateSync(text)],
    ['zstd', Buffer.from(text)],
    ['gzip, identity', gzipSync(text)],
  ])('answers 415, as nobody reads it: %s', async (coding, body) => {
    const answer = await post(coding, body);
    expect(answer.status).toBe(415);
    expect(await answer.json()).toMatchObject({ errors: [{ extensions: { code: 'UNSUPPORTED_MEDIA_TYPE' } }] });
  });

  it.each(['identity', 'Identity', 'IDENTITY'])('is none where the coding is %s', async (coding) => {
    expect(await (await post(coding, text)).json()).toEqual({ data: { __typename: 'Query' } });
  });
});

describe('a refusal that is no operation’s', () => {
  const GRAPHQL = 'application/graphql-response+json; charset=utf-8';
  const JSON_ALONE = 'application/json; charset=utf-8';

  // As Apollo Client sends it; of application/json with a 4xx it makes a broken connection, and no code.
  it.each([
    ['application/graphql-response+json, application/json;q=0.9', GRAPHQL],
    ['application/json', JSON_ALONE],
    ['*/*', JSON_ALONE],
    ['text/html', JSON_ALONE],
    [undefined, JSON_ALONE],
    // Weighed at the length that Node lets through, each refusal of anybody's would cost a hundred times as much.
    [`application/graphql-response+json${', a/b'.repeat(3000)}`, JSON_ALONE],
  ])('is of the type that its caller likes best: %s', async (accept, expected) => {
    const headers = { ...JSON_TYPE, ...(accept !== undefined && { accept }) };
    const without = await sendRaw(`${closed.url}/graphql`, {
      method: 'POST',
      headers,
      body: '{"query":"{viewer{subject}}"}',
    });
    expect([without.status, without.headers['content-type']]).toEqual([401, expected]);
    const malformed = await sendRaw(`${app.url}/graphql`, { method: 'POST', headers, body: '{' });
    expect([malformed.status, malformed.headers['content-type']]).toEqual([400, expected]);
  });

  it('leaves other answers as they are', async () => {
    const headers = { accept: 'application/graphql-response+json', host: 'evil.example' };
    const { status, headers: told } = await sendRaw(`${app.url}/healthz`, { headers });
    expect([status, told['content-type']]).toEqual([421, GRAPHQL]);
    const healthy = await sendRaw(`${closed.url}/healthz`, { headers: { accept: headers.accept } });
    expect(healthy.headers['content-type']).toBe(JSON_ALONE);
  });
});
