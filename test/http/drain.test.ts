/** The end of the server: connections that are kept alive after the last answer do not hold it up. */
import { drain } from '../../src/http/drain';
import { createHttpServer } from '../../src/http/server';
import { atEnd } from '../helpers/at-end';
import { eventually } from '../helpers/eventually';
import { openConnection } from '../helpers/raw-connection';
import { captureLog } from '../helpers/start-app';

it('a connection that was promised to stay open is closed behind the answer that was under way, and not cut off', async () => {
  const { log } = captureLog();
  const http = await createHttpServer({ corsOrigins: [], loopbackOnly: true, isDraining: () => false, log });
  // Node would close it some day by itself.
  http.server.keepAliveTimeout = 0;
  let finish = (): unknown => undefined;
  http.get('/', (_request, reply) => {
    reply.hijack();
    // The head goes out before the end begins, so it can't say that the connection will be closed.
    reply.raw.writeHead(200, { 'content-length': '6' }).write('be');
    finish = () => reply.raw.end('yond');
  });
  const connection = await openConnection(await http.listen({ host: '127.0.0.1', port: 0 }));
  atEnd(() => http.close());
  connection.write('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n');
  await eventually(() => connection.text().endsWith('be'));
  const settled = jest.fn(() => Promise.resolve());
  const drained = drain(http, 60_000, settled);
  // By then all that was idle has been closed once.
  await eventually(() => !http.server.listening);
  finish();
  await Promise.all([drained, connection.ended]);
  expect(connection.text()).toMatch(/^HTTP\/1\.1 200 .*\r\nConnection: keep-alive\r\n.*beyond$/s);
  expect(settled).not.toHaveBeenCalled();
});
