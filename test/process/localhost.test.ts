/** HOST=localhost, on a machine where that name has two addresses. */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { request, type IncomingMessage } from 'node:http';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { makeFolder } from '../helpers/deployment';
import { eventually } from '../helpers/eventually';
import { operation } from '../helpers/execute';
import { startGateway } from '../helpers/gateway-process';
import { startTestEmulator } from '../helpers/start-app';
import { makeStore } from '../helpers/stores';

/** In the place of the machine's own answer. */
const TWO_ADDRESSES = `
  const dns = require('node:dns');
  const both = [{ address: '127.0.0.1', family: 4 }, { address: '::1', family: 6 }];
  const { lookup } = dns;
  dns.lookup = (name, options, done = options) =>
    name === 'localhost' && options.all ? process.nextTick(done, null, both) : lookup(name, options, done);
`;

/** A kick whose body ends when it is told to; resolves when the gateway has begun to read it. */
async function beginKick(url: string, input: object) {
  const body = JSON.stringify({ query: operation('kick-users'), variables: { input } });
  const headers = { 'content-type': 'application/json', expect: '100-continue' };
  const outgoing = request(`${url}/graphql`, { method: 'POST', headers, agent: false });
  const answer = once(outgoing, 'response').then(
    ([incoming]: IncomingMessage[]) => text(incoming!),
    (error: unknown) => String(error),
  );
  outgoing.flushHeaders();
  await once(outgoing, 'continue');
  outgoing.write(body.slice(0, 10));
  return {
    finish: () => {
      outgoing.end(body.slice(10));
      return answer;
    },
  };
}

it('a request that is under way is answered at the end, at each address where it listens', async () => {
  const script = path.join(makeFolder(), 'two-addresses.cjs');
  writeFileSync(script, TWO_ADDRESSES);
  const genauth = await startTestEmulator();
  const environment = { HOST: 'localhost', SHUTDOWN_GRACE_MS: '0', NODE_OPTIONS: `--require ${script}` };
  const { demoUser, demoApp } = genauth.directory;
  const input = { userId: demoUser.userId, appIds: [demoApp.appId] };
  const isServed = (url: string) => fetch(`${url}/healthz`).then(({ ok }) => ok, () => false); // prettier-ignore

  for (const host of ['127.0.0.1', '[::1]']) {
    const gateway = await startGateway(genauth, await makeStore('embedded'), environment);
    const { port } = new URL(gateway.url);
    const url = `http://${host}:${port}`;
    if (await isServed(url)) {
      const underWay = await beginKick(url, input);
      gateway.signal('SIGTERM');
      await eventually(async () => !(await isServed(url)));
      expect(await underWay.finish()).toContain('KickUsersSuccess');
    } else {
      expect(url).not.toContain('127.0.0.1');
      gateway.signal('SIGTERM');
    }
    expect(await gateway.exit).toBe(0);
  }
});
