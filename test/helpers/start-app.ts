/** The real gateway in front of the real emulator, each on a free port; both end with the test file that started them. */
import { Writable } from 'node:stream';
import { createApp, type App } from '../../src/app';
import { parseConfig, type Environment } from '../../src/config';
import type { EmulatorOptions } from '../../src/emulator/options';
import { startEmulator, type Emulator } from '../../src/emulator/emulator';
import { createLogger } from '../../src/observability/logger';
import type { Database } from '../../src/store/database';
import { atEnd } from './at-end';
import { sharedStore } from './stores';

export interface TestApp extends App {
  genauth: Emulator;
  /** Every log record so far, parsed. */
  logs: Record<string, unknown>[];
  /** With all scopes, where the gateway has an issuer that it was given here. */
  token?: string;
}

/** A log that a test can read. */
export function captureLog() {
  const logs: Record<string, unknown>[] = [];
  const sink = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      for (const line of chunk.toString().split('\n').filter(Boolean)) logs.push(JSON.parse(line));
      done();
    },
  });
  return { logs, log: createLogger('trace', sink) };
}

/** The environment that points a gateway at an emulator. */
export const environmentFor = (emulator: Emulator): Environment => ({
  PORT: '0',
  GENAUTH_HOST: emulator.url,
  GENAUTH_ACCESS_KEY_ID: emulator.accessKeyId,
  GENAUTH_ACCESS_KEY_SECRET: emulator.accessKeySecret,
  // Tests of other things are not to be slowed by the limits.
  GENAUTH_MAX_RPS: '100000',
  RATE_LIMIT_PER_MINUTE: '100000',
});

/** Starts an emulator that ends with the test file. Its limit of 300 a second is off unless asked for. */
export async function startTestEmulator(options: Partial<EmulatorOptions> = {}): Promise<Emulator> {
  const emulator = await startEmulator({ maxRequestsPerSecond: 0, ...options });
  atEnd(() => emulator.stop());
  return emulator;
}

/**
 * @param environment on top of what points it at the emulator
 * @param emulator one of its own if left out
 * @param store the embedded one that all of a test file's gateways share, if neither this nor the environment names one
 */
export async function startTestApp(
  environment: Environment = {},
  emulator?: Emulator,
  store?: Database,
): Promise<TestApp> {
  const genauth = emulator ?? (await startTestEmulator());
  const { logs, log } = captureLog();
  const ownsStore = environment['DATABASE_URL'] !== undefined || environment['DATA_DIR'] !== undefined;
  const database = ownsStore ? undefined : (store ?? (await sharedStore()));
  // Production asks for an address; the store that is given goes before it.
  const address = ownsStore ? {} : { DATABASE_URL: 'postgres://127.0.0.1/none' };
  const config = parseConfig({ ...environmentFor(genauth), ...address, ...environment });
  const app = await createApp(config, log, database && { database });
  atEnd(() => app.stop());
  return { ...app, genauth, logs };
}
