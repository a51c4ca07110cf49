/** The one call that finds out whether GenAuth is back. The clock is performance.now, and stands still. */
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { atEnd } from '../helpers/at-end';
import { eventually } from '../helpers/eventually';
import { kick } from '../helpers/execute';
import { startTestApp, type TestApp } from '../helpers/start-app';
import { failure, success } from '../kick/payloads';

const REFUSED = 'GenAuth has been failing, so the gateway has stopped calling it for some seconds; nothing was sent.';
const refused = failure('UPSTREAM_UNAVAILABLE', { message: REFUSED, retryable: true, retryAfterSeconds: 1 });
const SUCCESS = JSON.stringify({ statusCode: 200, message: 'Success', data: { success: true } });

let nowMs: number;
beforeEach(() => {
  nowMs = performance.now();
  jest.spyOn(performance, 'now').mockImplementation(() => nowMs);
});
afterEach(() => jest.restoreAllMocks());

const kickDemoUser = (app: TestApp) => {
  const { demoUser, demoApp } = app.genauth.directory;
  return kick(app, { userId: demoUser.userId, appIds: [demoApp.appId] });
};
const states = ({ logs }: TestApp) => logs.flatMap(({ circuit }) => (circuit === undefined ? [] : [circuit]));

describe('the probe of a circuit', () => {
  it('goes out alone, and others are refused at once while it is under way', async () => {
    const held = await startHoldingGenAuth();
    const app = await startTestApp({ GENAUTH_BREAKER_FAILURES: '3', GENAUTH_HOST: held.url });
    const failing = kickDemoUser(app);
    for (let i = 0; i < 3; i++) (await held.next(i)).writeHead(503).end();
    await failing;
    nowMs += 5000;
    const probe = kickDemoUser(app);
    const answer = await held.next(3);
    // They are answered although the probe is not.
    expect(await Promise.all([1, 2, 3].map(() => kickDemoUser(app)))).toEqual([refused, refused, refused]);
    expect(held.responses).toHaveLength(4);
    answer.end(SUCCESS);
    expect(await probe).toEqual(success({ requestId: null }));
    expect(states(app)).toEqual(['open', 'half-open', 'closed']);
  });

  it('is not annulled by a call from before it opened that fails at last', async () => {
    const held = await startHoldingGenAuth();
    const app = await startTestApp({ GENAUTH_BREAKER_FAILURES: '3', GENAUTH_HOST: held.url });
    const old = kickDemoUser(app);
    const late = await held.next(0);
    const failing = kickDemoUser(app);
    for (let i = 1; i <= 3; i++) (await held.next(i)).writeHead(503).end();
    await failing;
    nowMs += 5000;
    const probe = kickDemoUser(app);
    const answer = await held.next(4);
    late.writeHead(503).end();
    expect(await old).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', mayHaveTakenEffect: true });
    answer.end(SUCCESS);
    expect(await probe).toEqual(success({ requestId: null }));
    expect(states(app)).toEqual(['open', 'half-open', 'closed']);
  });
});

/** A GenAuth whose answers the test gives, when it likes. */
async function startHoldingGenAuth() {
  const responses: ServerResponse[] = [];
  const server = createServer((request, response) => {
    request.resume().on('end', () => responses.push(response));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  atEnd(async () => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const next = async (index: number): Promise<ServerResponse> => {
    await eventually(() => responses.length > index);
    return responses[index]!;
  };
  return { url: `http://127.0.0.1:${port}`, responses, next };
}
