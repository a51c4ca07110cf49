/** What may be long, and for whom: a text is parsed, kept, and takes a hundred times its length; a body is held until it is whole. */
import { parse } from 'graphql';
import { createDocumentStore } from '../../src/graphql/document-store';
import { eventually } from '../helpers/eventually';
import { startTestIssuer } from '../helpers/issuer';
import { openConnection } from '../helpers/raw-connection';
import { startTestApp, type TestApp } from '../helpers/start-app';

let app: TestApp;
let tokenOf: (scope: string) => Promise<string>;
beforeAll(async () => {
  const issuer = await startTestIssuer();
  app = await startTestApp({ AUTH_ISSUER: issuer.url, AUTH_AUDIENCE: '62188e700000000000000001' });
  tokenOf = (scope) => issuer.issue({ scope });
});

async function post(body: BodyInit, scope: string, path = '/graphql', more: Record<string, string> = {}) {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${await tokenOf(scope)}`, ...more };
  const init = { method: 'POST', headers, body, ...(typeof body !== 'string' && { duplex: 'half' }) };
  const answer = await fetch(app.url + path, init);
  const { data, errors } = await answer.json();
  return { status: answer.status, data, code: errors?.[0]?.extensions.code };
}

/** Not told how long it is before it is there. */
const streamed = (text: string) =>
  new ReadableStream({
    start: (controller) => {
      controller.enqueue(Buffer.from(text));
      controller.close();
    },
  });

describe('a document', () => {
  const MOST = 32 * 1024;
  const comments = (length: number, text: string) => text + '#\n'.repeat(length).slice(0, length - text.length);

  it('of 32 768 characters is parsed, and one more is not', async () => {
    const ask = (length: number) => post(JSON.stringify({ query: comments(length, '{__typename}') }), '');
    expect(await ask(MOST)).toMatchObject({ status: 200, data: { __typename: 'Query' } });
    expect(await ask(MOST + 1)).toMatchObject({ status: 413, code: 'PAYLOAD_TOO_LARGE' });
    expect(app.logs.filter(({ msg }) => msg === 'operation').at(-1)).toMatchObject({
      operation: null,
      httpStatus: 413,
      errorCodes: ['PAYLOAD_TOO_LARGE'],
    });
  });

  it('of a stream has the same bound', async () => {
    const query = comments(MOST + 1, 'subscription{kickJobProgress(id:"x"){total}}');
    const headers = { accept: 'text/event-stream' };
    const answer = await post(JSON.stringify({ query }), 'kicks:read', '/graphql/stream', headers);
    expect(answer).toMatchObject({ status: 413, code: 'PAYLOAD_TOO_LARGE' });
  });

  it('is kept by what it takes with its comments, not by what is left of it without them', async () => {
    const store = createDocumentStore();
    for (let i = 0; i < 200; i++) await store.set(`long ${i}`, parse(comments(MOST, `{__typename}#${i}`)));
    expect(store.keys().length).toBeLessThan(20);
    for (let i = 0; i < 200; i++) await store.set(`usual ${i}`, parse(`query Q${i} { __typename }`));
    expect(store.keys().filter((key) => key.startsWith('usual'))).toHaveLength(200);
  });
});

const START = `mutation ($input: StartKickJobInput!) {
  startKickJob(input: $input) { __typename ... on StartKickJobError { code fieldErrors { path } } } }`;
const startJob = (users: number, length: number) => {
  const userIds = Array.from({ length: users }, (_, i) => String(i).padStart(length, '0'));
  const input = { userIds, appIds: ['none'], reason: 'OTHER', idempotencyKey: `${users} ${length}`, verify: false };
  return JSON.stringify({ query: START, variables: { input } });
};

describe('a body', () => {
  it.each([
    ['told beforehand', (text: string): BodyInit => text],
    ['not told', (text: string): BodyInit => streamed(text)],
  ])('may be long for who may start a job, and for nobody else; its length %s', async (_name, bodyOf) => {
    const long = startJob(1000, 100);
    expect(await post(bodyOf(long), 'users:kick')).toMatchObject({ status: 200 });
    for (const scope of ['', 'kicks:read']) {
      expect(await post(bodyOf(long), scope)).toMatchObject({ status: 413, code: 'PAYLOAD_TOO_LARGE' });
      expect(await post(bodyOf(startJob(1, 4)), scope)).toMatchObject({ status: 403, code: 'FORBIDDEN' });
    }
  });
});

describe('a body whose length is not told, and that nobody reads', () => {
  const chunk = (bytes: number): string => `${bytes.toString(16)}\r\n${'x'.repeat(bytes)}\r\n`;
  const begin = async (line: string, type: string): Promise<string> => {
    const headers = [`authorization: Bearer ${await tokenOf('kicks:read')}`, `content-type: ${type}`];
    return [`${line} HTTP/1.1`, 'host: localhost', ...headers, 'transfer-encoding: chunked', '', ''].join('\r\n');
  };
  const isAlive = async () => expect(await post('{"query":"{__typename}"}', '')).toMatchObject({ status: 200 });

  it('may break off', async () => {
    const connection = await openConnection(app.url);
    connection.write(await begin('GET /graphql?query=%7BauditEvents%7Bedges%7Bcursor%7D%7D%7D', 'application/json'));
    connection.write('1\r\na\r\n');
    connection.hangUp();
    await connection.ended;
    await isAlive();
  });

  it.each(['/graphql', '/graphql/stream'])(
    'may be of any length and type, and the next request is served: %s',
    async (path) => {
      const connection = await openConnection(app.url);
      connection.write(await begin(`POST ${path}`, 'text/xml'));
      for (const bytes of [16_000, 60_000, 200_000]) connection.write(chunk(bytes));
      connection.write('0\r\n\r\n');
      await eventually(() => connection.text().startsWith('HTTP/1.1 415'));
      const next = JSON.stringify({ query: '{ viewer { subject } }' });
      const head = (await begin('POST /graphql', 'application/json')).replace('transfer-encoding: chunked', `content-length: ${next.length}`); // prettier-ignore
      connection.write(head + next);
      await eventually(() => connection.text().includes('"viewer"'));
      await isAlive();
    },
  );

  it('that is read is answered 413 while it still comes in, however it goes on', async () => {
    const connection = await openConnection(app.url);
    connection.write(await begin('POST /graphql', 'application/json'));
    for (let sent = 0; sent < 20; sent++) connection.write(chunk(16_000));
    await eventually(() => connection.text().startsWith('HTTP/1.1 413'));
    connection.hangUp();
    await connection.ended;
    await isAlive();
  });
});

describe('a list', () => {
  it('of more items than are looked at is refused as a whole; what is wrong with a shorter one, its field says', async () => {
    const refused = { startKickJob: { code: 'INVALID_INPUT', fieldErrors: [{ path: ['userIds'] }] } };
    expect(await post(startJob(20_000, 5), 'users:kick')).toMatchObject({ status: 200, data: refused });
    expect(await post(startJob(20_001, 5), 'users:kick')).toMatchObject({ status: 413, code: 'PAYLOAD_TOO_LARGE' });
  });
});
