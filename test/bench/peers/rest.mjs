/** The bare REST handler that all others are measured by: verifies nothing; signs, calls, reads, answers. */
import { createServer } from 'node:http';
import { announce, kick } from './genauth.mjs';

const server = createServer((request, response) => {
  let text = '';
  request.setEncoding('utf8');
  request.on('data', (chunk) => (text += chunk));
  request.on('end', () => {
    kick(JSON.parse(text)).then(
      (envelope) => {
        const body = JSON.stringify({ success: envelope.data?.success === true, statusCode: envelope.statusCode });
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
        response.end(body);
      },
      () => response.writeHead(502).end(),
    );
  });
});
server.listen(0, '127.0.0.1', () => announce(server.address().port));
