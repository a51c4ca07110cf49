/** What nobody asked for is turned away before its body: by address here, by token in auth/door.test.ts. */
import { createHttpServer } from '../../src/http/server';
import { eventually } from '../helpers/eventually';
import { startTestIssuer } from '../helpers/issuer';
import { openConnection } from '../helpers/raw-connection';
import { sendRaw } from '../helpers/raw-request';
import { captureLog, startTestApp } from '../helpers/start-app';

const ORIGIN = 'https://admin.example.com';
/** With the methods that it takes, if there is something. */
const ADDRESSES: [method: string, path: string, metrics: boolean, allow: string | undefined][] = [
  ['POST', '/nothing', false, undefined],
  ['PATCH', '/graphql', false, 'GET, POST'],
  ['PUT', '/graphql/stream', false, 'POST'],
  ['POST', '/healthz', false, 'GET, HEAD'],
  ['POST', '/readyz?verbose=1', false, 'GET, HEAD'],
  ['POST', '/metrics', false, undefined],
  // A path is no pattern of routes.
  ['PUT', '/:a(', false, undefined],
  ['DELETE', '/:a((a+)+)', false, undefined],
  ['PUT', '/*', false, undefined],
  ['POST', '/nothing', true, undefined],
  ['POST', '/metrics', true, 'GET, HEAD'],
  ['POST', '/graphql', true, undefined],
];
const [NOT_FOUND, NOT_ALLOWED] = [
  { status: 404, code: 'NOT_FOUND', message: 'There is nothing at this address.' },
  { status: 405, code: 'METHOD_NOT_ALLOWED', message: 'This address does not take this method.' },
];

let urls: { main: string; metrics: string };
beforeAll(async () => {
  const issuer = await startTestIssuer('ES256');
  const app = await startTestApp({ ...issuer.environment, CORS_ORIGINS: ORIGIN, METRICS_PORT: '0' });
  urls = { main: app.url, metrics: new URL(app.metricsUrl ?? '').origin };
});

const urlOf = (path: string, isMetrics: boolean) => (isMetrics ? urls.metrics : urls.main) + path;

describe('what is not served', () => {
  it.each(ADDRESSES)(
    '%s %s, of the metrics: %s, is told so before the body comes',
    async (method, path, isMetrics, allow) => {
      const { status, code, message } = allow === undefined ? NOT_FOUND : NOT_ALLOWED;
      for (const type of ['application/json', 'text/plain']) {
        const answer = await sendRaw(urlOf(path, isMetrics), {
          method,
          headers: { 'content-type': type, 'content-length': '99', 'x-request-id': 'nothing', origin: ORIGIN },
          body: '{',
          isUnfinished: true,
        });
        const extensions = { code, requestId: 'nothing' };
        expect({ status: answer.status, body: answer.body }).toEqual({
          status,
          body: { errors: [{ message, extensions }] },
        });
        expect(answer.headers['allow']).toBe(allow);
        expect(answer.headers).toMatchObject({
          'content-type': 'application/json; charset=utf-8',
          'x-request-id': 'nothing',
          // A page may read that, too.
          ...(!isMetrics && { 'access-control-allow-origin': ORIGIN }),
        });
      }
    },
  );

  it.each(ADDRESSES)(
    '%s %s, of the metrics: %s, is told so whatever the body',
    async (method, path, isMetrics, allow) => {
      const headers = { 'content-type': 'application/json' };
      for (const body of ['{"canary', '{}']) {
        const { status } = await fetch(urlOf(path, isMetrics), { method, headers, body });
        expect(status).toBe(allow === undefined ? 404 : 405);
      }
    },
  );

  it('the connection of a body that does not end is cut', async () => {
    const connection = await openConnection(urls.main);
    let isCut = false;
    void connection.ended.then(() => (isCut = true));
    connection.write('POST /nothing HTTP/1.1\r\nHost: x\r\ncontent-type: text/plain\r\ncontent-length: 99\r\n\r\nx');
    // Not waited for as long as it takes: one that is only kept alive ends, too.
    await eventually(() => isCut);
    expect(connection.text()).toMatch(/^HTTP\/1\.1 404 /);
  });
});

it('a request that does not come to its end is given up after a minute', async () => {
  const rules = { corsOrigins: [], loopbackOnly: false, isDraining: () => false, log: captureLog().log };
  expect((await createHttpServer(rules)).server.requestTimeout).toBe(60_000);
});
