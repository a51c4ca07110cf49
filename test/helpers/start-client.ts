/** The client of GenAuth alone, in front of the real emulator: for what the gateway around it doesn't show. */
import { GenAuthClient, type GenAuthClientOptions } from '../../src/genauth/client';
import { atEnd } from './at-end';
import { startTestEmulator } from './start-app';

/** Lets every call go at once. */
const UNPACED = { acquire: () => Promise.resolve() };

/** @param change of options that make for a client that never waits, never gives up and tells nobody */
export async function startTestClient(change: Partial<GenAuthClientOptions> = {}) {
  const genauth = await startTestEmulator();
  const { url: host, accessKeyId: id, accessKeySecret: secret } = genauth;
  const client = new GenAuthClient({
    host,
    key: { id, secret },
    dialect: 'authing',
    lang: 'en-US',
    tenantId: null,
    userAgent: 'test',
    timeoutMs: 10_000,
    breakerFailures: 0,
    pace: UNPACED,
    onAttempt: () => undefined,
    onCircuitChange: () => undefined,
    ...change,
  });
  atEnd(() => client.stop());
  return { genauth, client };
}
