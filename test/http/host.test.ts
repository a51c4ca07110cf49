/** Requests that don't say which host is meant: RFC 9112, section 3.2. The same answer whichever way an operation would go. */
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { eventually } from '../helpers/eventually';
import { execute, operation } from '../helpers/execute';
import { startProduction } from '../helpers/production';
import { openConnection } from '../helpers/raw-connection';
import type { TestApp } from '../helpers/start-app';

const KNOWN = operation('viewer');
const UNKNOWN = '{ viewer { subject } }';

let app: TestApp;
beforeAll(async () => {
  app = await startProduction();
  await execute(app, KNOWN, {}, { headers: { accept: 'application/json' } });
});

/** One request, head line and Host header as they are given. */
async function send(head: string, host: string | null, query: string, token = app.token) {
  const { hostname, port } = new URL(app.url);
  const body = JSON.stringify({ query });
  const lines = [
    head,
    ...(host === null ? [] : [`host: ${host}`]),
    ...(token === undefined ? [] : [`authorization: Bearer ${token}`]),
    'accept: application/json',
    'content-type: application/json',
    `content-length: ${body.length}`,
    'connection: close',
    'x-request-id: host-7',
  ];
  const socket = connect({ host: hostname, port: Number(port) });
  socket.write(`${lines.join('\r\n')}\r\n\r\n${body}`);
  const answer = await text(socket);
  return { status: Number(answer.split(' ')[1]), body: answer.slice(answer.indexOf('\r\n\r\n') + 4) };
}
const GRAPHQL = 'POST /graphql HTTP/1.1';
const ways = [
  ['an operation that is known', KNOWN],
  ['one that is not', UNKNOWN],
];

describe.each(ways)('%s', (_name, query) => {
  it.each(['gateway.example.com', 'gateway.example.com:443', 'my_service', 'localhost:', '10.0.0.1:80', '[::1]:80'])(
    'is answered for Host: %s',
    async (host) => {
      expect(await send(GRAPHQL, host, query)).toMatchObject({ status: 200, body: expect.stringContaining('"data"') });
    },
  );

  it.each<[string, string, string | null]>([
    ['HTTP/1.0 without a host', 'POST /graphql HTTP/1.0', null],
    ['an empty host', GRAPHQL, ''],
    ['a space', GRAPHQL, 'a b'],
    ['a path', GRAPHQL, 'a/b'],
    ['a user', GRAPHQL, 'canary@a'],
    ['two ports', GRAPHQL, 'a:1:2'],
    ['no port that there is', GRAPHQL, 'a:99999'],
    ['half an address', GRAPHQL, '[::1'],
    ['no address', GRAPHQL, '1.2.3.4.5'],
    ['a target with such a host, by the router', 'POST http://a:99999/graphql HTTP/1.1', 'a'],
  ])('is refused for %s', async (_case, head, host) => {
    const extensions = { code: 'BAD_REQUEST', requestId: 'host-7' };
    const { status, body } = await send(head, host, query);
    expect([status, JSON.parse(body)]).toEqual([400, { errors: [{ message: 'The request is not well-formed.', extensions }] }]); // prettier-ignore
  });

  it('is answered for a target with a host of its own', async () => {
    expect(await send('POST http://a:80/graphql HTTP/1.1', 'a', query)).toMatchObject({ status: 200 });
  });
});

it('a stream is refused alike, and who asks whether the gateway lives need not name it', async () => {
  expect((await send('POST /graphql/stream HTTP/1.0', null, KNOWN)).status).toBe(400);
  expect((await send('GET /healthz HTTP/1.0', null, KNOWN, '')).status).toBe(200);
});

it('the connection of a body that does not end is cut', async () => {
  const connection = await openConnection(app.url);
  connection.write(
    'POST /graphql HTTP/1.1\r\nHost: a b\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{',
  );
  let isCut = false;
  void connection.ended.then(() => (isCut = true));
  // Not waited for as long as it takes: a connection that is only kept alive ends, too.
  await eventually(() => isCut);
  expect(connection.text()).toMatch(/^HTTP\/1\.1 400 /);
});
