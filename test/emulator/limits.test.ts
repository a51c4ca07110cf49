import { startEmulator } from '../../src/emulator/emulator';
import { NonceMemory } from '../../src/emulator/nonces';
import type { EmulatorOptions } from '../../src/emulator/options';
import { Throttle } from '../../src/emulator/throttle';
import { sendRaw, sendSigned, type SignedCall } from './signed-call';

const GET_USER: SignedCall = { method: 'GET', path: '/api/v3/get-user' };

async function withEmulator(
  options: Partial<EmulatorOptions>,
  use: (emulator: Awaited<ReturnType<typeof startEmulator>>) => Promise<void>,
) {
  const emulator = await startEmulator(options);
  await use(emulator).finally(() => emulator.stop());
}

describe('the request limit', () => {
  it('answers HTTP 429 over 300 calls in any one second', async () => {
    let nowMs = Date.now();
    await withEmulator({ now: () => nowMs }, async (emulator) => {
      const statuses = async (count: number) => {
        const calls = Array.from({ length: count }, () => sendRaw(emulator, {}, GET_USER));
        return (await Promise.all(calls)).filter(({ status }) => status === 429).length;
      };
      expect(await statuses(200)).toBe(0);
      nowMs += 600;
      expect(await statuses(101)).toBe(1);
      nowMs += 400;
      expect(await statuses(201)).toBe(1);
      expect(emulator.receivedCount()).toBe(502);
    });
  });

  it.each([
    ['zh-CN', '您的请求已超过最大数量限制，请稍后重试'],
    ['en-US', 'Your requests exceed the maximum allowed, please try again later'],
  ] as const)('has the documented body (%s) and no Retry-After unless told so', async (lang, message) => {
    const refused = async (options: Partial<EmulatorOptions>) => {
      const emulator = await startEmulator({ maxRequestsPerSecond: 1, now: () => 0, ...options });
      await sendSigned(emulator, { lang });
      const reply = await sendSigned(emulator, { lang });
      await emulator.stop();
      return reply;
    };
    const { status, envelope, headers } = await refused({});
    expect({ status, envelope }).toEqual({ status: 429, envelope: { statusCode: 429, message } });
    expect(headers['retry-after']).toBeUndefined();
    expect((await refused({ retryAfterSeconds: 3 })).headers['retry-after']).toBe('3');
  });

  it('slides, and 0 switches it off', () => {
    const throttle = new Throttle(2);
    expect([0, 900, 950, 1000, 1001, 1900].map((ms) => throttle.accepts(ms))).toEqual([
      true,
      true,
      false,
      true,
      false,
      true,
    ]);
    expect(Array.from({ length: 1000 }, () => new Throttle(0).accepts(0))).not.toContain(false);
  });
});

describe('memory', () => {
  it('of nonces lasts as long as promised and is bounded', () => {
    const nonces = new NonceMemory(1000, 10);
    expect([nonces.claim('a', 0), nonces.claim('a', 1000), nonces.claim('b', 1001)]).toEqual([true, false, true]);
    expect([nonces.claim('a', 1001), nonces.claim('a', 2002)]).toEqual([false, true]);
    for (let i = 0; i < 10; i++) nonces.claim(`n${i}`, 2003);
    expect(nonces.claim('a', 2004)).toBe(true);
  });

  it('of calls is bounded, their count is exact', async () => {
    await withEmulator({ receivedLimit: 5, maxRequestsPerSecond: 0 }, async (emulator) => {
      for (let i = 0; i < 23; i++) await sendRaw(emulator, {}, { ...GET_USER, query: { userId: String(i) } });
      expect(emulator.receivedCount('/api/v3/get-user')).toBe(23);
      expect(emulator.receivedCount('/api/v3/kick-users')).toBe(0);
      expect(emulator.received.length).toBeLessThanOrEqual(10);
      expect(emulator.received.at(-1)).toMatchObject({ method: 'GET', query: { userId: '22' }, signatureValid: false });
      emulator.clearReceived();
      expect([emulator.received.length, emulator.receivedCount()]).toEqual([0, 0]);
    });
  });
});

describe('what else a server does', () => {
  it('seeds ten thousand more users in a moment', async () => {
    await withEmulator({ extraUsers: 10_000, extraApps: 500 }, async ({ directory }) => {
      expect(directory.users).toHaveLength(10_040);
      expect(directory.apps).toHaveLength(505);
      const last = directory.findUser('email', 'load-10000@example.com');
      expect(directory.isOnline(last?.userId ?? '', directory.demoApp.appId)).toBe(true);
      const ids = directory.users.flatMap((user) => Object.values(user.ids));
      expect(new Set(ids).size).toBe(ids.length);
    });
  });

  it('says 404 for endpoints it does not know and 413 for bodies too long', async () => {
    await withEmulator({ maxBodyBytes: 200 }, async (emulator) => {
      const unknown = await sendSigned(emulator, { path: '/api/v3/delete-everything', body: {} });
      expect(unknown.envelope).toMatchObject({ statusCode: 404 });
      const long = await sendSigned(emulator, { body: { userId: 'x'.repeat(100_000) } });
      expect(long.envelope).toMatchObject({ statusCode: 413 });
    });
  });

  it('two run side by side, with keys and sessions of their own', async () => {
    await withEmulator({}, (one) =>
      withEmulator({}, async (two) => {
        expect(one.url).not.toBe(two.url);
        expect(one.accessKeySecret).not.toBe(two.accessKeySecret);
        expect(one.accessKeyId + one.accessKeySecret).toMatch(/^[A-Za-z0-9._-]+$/);
        const { demoUser, demoApp } = one.directory;
        one.directory.signOut(demoUser.userId, demoApp.appId);
        expect(two.directory.isOnline(demoUser.userId, demoApp.appId)).toBe(true);
      }),
    );
  });

  it('reports a taken port', async () => {
    await withEmulator({}, async ({ url }) => {
      await expect(startEmulator({ port: Number(new URL(url).port) })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    });
  });
});
