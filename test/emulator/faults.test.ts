import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { Agent, request } from 'undici';

import { startEmulator, type Emulator } from '../../src/emulator/emulator';
import type { Fault } from '../../src/emulator/fault';
import { sendSigned, signHeaders, type Reply } from './signed-call';

describe('faults', () => {
  let emulator: Emulator;
  let body: { userId: string; appIds: string[] };
  const dispatcher = new Agent();

  beforeAll(async () => {
    emulator = await startEmulator({ maxRequestsPerSecond: 0 });
    body = { userId: emulator.directory.demoUser.userId, appIds: [emulator.directory.demoApp.appId] };
  });
  afterAll(async () => {
    await emulator.stop();
    await dispatcher.destroy();
  });
  beforeEach(() => {
    emulator.faults.clear();
    emulator.clearReceived();
    emulator.directory.signIn(body.userId, body.appIds[0]!);
  });

  const isOnline = () => emulator.directory.isOnline(body.userId, body.appIds[0]!);
  const kick = (signal?: AbortSignal): Promise<Reply> =>
    sendSigned(emulator, { body, dispatcher, ...(signal && { signal }) });
  const html = expect.stringContaining('<html>');

  it.each<[Fault, object]>([
    [{ kind: 'html' }, { status: 200, headers: { 'content-type': 'text/html' }, text: html }],
    [
      { kind: 'html', status: 502 },
      { status: 502, text: html },
    ],
    [{ kind: 'empty' }, { status: 200, text: '' }],
    [
      { kind: 'empty', status: 500 },
      { status: 500, text: '' },
    ],
    [{ kind: 'redirect' }, { status: 307, headers: { location: '/redirected' } }],
    [
      { kind: 'redirect', status: 302, location: 'http://127.0.0.1:1/' },
      { status: 302, headers: { location: /:1/ } },
    ],
    [
      { kind: 'status', status: 503, headers: { 'Retry-After': '7' } },
      { status: 503, headers: { 'retry-after': '7' } },
    ],
    [
      { kind: 'http', status: 200, body: '{"half":' },
      { status: 200, text: '{"half":' },
    ],
    [
      { kind: 'http', status: 418, body: ['a'], headers: { 'x-a': 'b' } },
      { text: '["a"]', headers: { 'x-a': 'b' } },
    ],
    [
      { kind: 'envelope', statusCode: 403, apiCode: 2333, message: 'no', requestId: 'r' },
      { status: 200, text: '{"statusCode":403,"message":"no","requestId":"r","apiCode":2333}' },
    ],
    [
      { kind: 'envelope', statusCode: 200, data: { success: false }, httpStatus: 500 },
      { status: 500, envelope: { statusCode: 200, message: '', data: { success: false } } },
    ],
  ])('%j answers, and nobody is kicked', async (fault, { headers = {}, ...expected }: Partial<Reply>) => {
    emulator.faults.next(fault);
    const reply = await kick();
    expect(reply).toMatchObject(expected);
    for (const [name, value] of Object.entries(headers)) expect(reply.headers[name]).toMatch(value as string);
    expect(isOnline()).toBe(true);
    expect((await kick()).envelope).toMatchObject({ statusCode: 200 });
    expect(isOnline()).toBe(false);
  });

  it.each(['authorization', 'signature', 'nonce', 'access-key-id', 'access-key-secret'] as const)(
    'echo repeats the %s in its message',
    async (what) => {
      emulator.faults.next({ kind: 'echo', what, apiCode: 1300 });
      const { envelope } = await kick();
      const headers = emulator.received.at(-1)?.headers ?? {};
      const secrets = {
        authorization: headers['authorization'],
        signature: headers['authorization']?.split(':')[1],
        nonce: headers['x-authing-signature-nonce'],
        'access-key-id': emulator.accessKeyId,
        'access-key-secret': emulator.accessKeySecret,
      };
      expect(envelope).toMatchObject({ statusCode: 400, apiCode: 1300, message: `refused: ${secrets[what]}` });
    },
  );

  it('oversized is valid JSON of the size asked for', async () => {
    emulator.faults.next({ kind: 'oversized', bytes: 2_000_000 });
    const { text: received, envelope } = await kick();
    expect([received.length, envelope.statusCode]).toEqual([2_000_000, 200]);
  });

  it.each<[Fault, string]>([
    [{ kind: 'drop' }, 'UND_ERR_SOCKET'],
    [{ kind: 'reset' }, 'ECONNRESET'],
    [{ kind: 'truncated' }, 'UND_ERR_SOCKET'],
  ])('%j breaks the connection (%s), the kick undone or done', async (fault, code) => {
    emulator.faults.next(fault);
    await expect(kick()).rejects.toMatchObject({ code });
    expect(isOnline()).toBe(true);
    emulator.faults.next({ ...fault, afterEffect: true });
    await expect(kick()).rejects.toMatchObject({ code });
    expect(isOnline()).toBe(false);
  });

  it('drop ends the connection cleanly, without a byte', async () => {
    emulator.faults.next({ kind: 'drop' });
    const socket = connect(Number(new URL(emulator.url).port), '127.0.0.1');
    socket.write('POST /api/v3/kick-users HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}');
    expect(await text(socket)).toBe('');
  });

  it('never leaves the client waiting, and may have kicked', async () => {
    emulator.faults.next({ kind: 'never', afterEffect: true });
    const hangUp = new AbortController();
    const kicked = kick(hangUp.signal);
    kicked.catch(() => undefined);
    await until(() => emulator.receivedCount() === 1 && !isOnline());
    hangUp.abort();
    await expect(kicked).rejects.toThrow();
  });

  it('drip sends its headers at once and goes on for ever', async () => {
    emulator.faults.next({ kind: 'drip', ms: 1 });
    const headers = signHeaders(emulator, { body });
    const answer = await request(`${emulator.url}/api/v3/kick-users`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    });
    expect(answer.statusCode).toBe(200);
    let received = '';
    for await (const chunk of answer.body) {
      received += String(chunk);
      if (received.length >= 5) break;
    }
    expect(received).toMatch(/^\{ +$/);
    expect(isOnline()).toBe(true);
  });

  it('delay answers as usual, kicking late or at once', async () => {
    emulator.faults.next({ kind: 'delay', ms: 300 });
    const late = kick();
    await until(() => emulator.receivedCount() === 1);
    expect(isOnline()).toBe(true);
    expect((await late).envelope).toMatchObject({ statusCode: 200 });
    expect(isOnline()).toBe(false);

    emulator.directory.signIn(body.userId, body.appIds[0]!);
    emulator.faults.next({ kind: 'delay-after-effect', ms: 300 });
    const started = Date.now();
    const soon = kick();
    await until(() => !isOnline());
    expect((await soon).envelope).toMatchObject({ statusCode: 200 });
    expect(Date.now() - started).toBeGreaterThanOrEqual(299);
  });

  it('come in the order queued, for their path only, before standing ones', async () => {
    const status = async () => (await kick()).status;
    emulator.faults.always({ kind: 'status', status: 504 }, { path: '*' });
    emulator.faults.always({ kind: 'status', status: 503 });
    emulator.faults.next({ kind: 'status', status: 500 }, 2);
    emulator.faults.next({ kind: 'status', status: 501 }, 1, '*');
    expect([await status(), await status(), await status(), await status()]).toEqual([500, 500, 501, 503]);
    const other = await sendSigned(emulator, { path: '/api/v3/is-user-exists', body: { username: 'alice' } });
    expect(other.status).toBe(504);
    emulator.faults.clear();
    expect(await status()).toBe(200);
  });

  it('strike as often as their probability says', async () => {
    const draws = [0.1, 0.3, 0.29];
    const drawing = await startEmulator({ random: () => draws.shift() ?? 1 });
    drawing.faults.always({ kind: 'status', status: 500 }, { probability: 0.3 });
    const statuses = [];
    for (let i = 0; i < 3; i++) statuses.push((await sendSigned(drawing, { body })).status);
    await drawing.stop();
    expect(statuses).toEqual([500, 200, 500]);
  });

  it('do not keep the emulator from stopping at once', async () => {
    const hanging = await startEmulator();
    const faults: Fault[] = [{ kind: 'never' }, { kind: 'drip' }, { kind: 'delay', ms: 3_600_000 }];
    for (const fault of faults) hanging.faults.next(fault);
    const calls = faults.map(() =>
      sendSigned(hanging, { body }).then(
        () => 'answered',
        () => 'cut',
      ),
    );
    await until(() => hanging.receivedCount() === 3);
    await hanging.stop();
    await hanging.stop();
    expect(await Promise.all(calls)).toEqual(['cut', 'cut', 'cut']);
    const socket = connect(Number(new URL(hanging.url).port), '127.0.0.1');
    const [error] = await once(socket, 'error');
    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
  });
});

/** Waits for a condition, a turn of the event loop at a time; jest's own time-out is the bound. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
