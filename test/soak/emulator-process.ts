/** GenAuth's stand-in in a process of its own, with faults: forked by the soak. */
import { startEmulator } from '../../src/emulator/emulator';
import type { EmulatorReady } from './messages';

const USERS = 2000;
const KICK_PATH = '/api/v3/kick-users';

/** Shares of all calls. */
const SERVER_ERRORS = 0.02;
const TIME_OUTS = 0.01;

/** Calls refused in a row, and how often that happens. Milliseconds. */
const BURST = 40;
const BURST_EVERY_MS = 20_000;

async function main(): Promise<void> {
  const emulator = await startEmulator({ maxRequestsPerSecond: 0, extraUsers: USERS, receivedLimit: 100 });
  emulator.faults.always({ kind: 'status', status: 503 }, { path: KICK_PATH, probability: SERVER_ERRORS });
  emulator.faults.always({ kind: 'never' }, { path: '*', probability: TIME_OUTS });
  setInterval(() => emulator.faults.next({ kind: 'status', status: 429 }, BURST), BURST_EVERY_MS).unref();
  const { directory } = emulator;
  const ready: EmulatorReady = {
    env: {
      GENAUTH_HOST: emulator.url,
      GENAUTH_ACCESS_KEY_ID: emulator.accessKeyId,
      GENAUTH_ACCESS_KEY_SECRET: emulator.accessKeySecret,
    },
    userIds: directory.users.map(({ userId }) => userId),
    appId: directory.demoApp.appId,
  };
  process.send?.(ready);
  process.on('disconnect', () => void emulator.stop().then(() => process.exit(0)));
}

void main();
