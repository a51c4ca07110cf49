import { startEmulator, type Emulator } from './emulator';
import type { EmulatorOptions } from './options';

/** What the printed values may hold, so that they can be pasted anywhere. */
const SAFE_VALUE = /^[A-Za-z0-9._-]+$/;

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

/** PORT (default 4100), HOST (default 127.0.0.1), and the keys: both GENAUTH_ACCESS_KEY_ID and _SECRET, or random ones. */
function readOptions(env: NodeJS.ProcessEnv): Partial<EmulatorOptions> {
  const text = env['PORT'] || '4100';
  const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (!(port <= 65_535)) fail('PORT must be a number from 0 to 65535.');
  const address = { port, host: env['HOST'] || '127.0.0.1' };
  const accessKeyId = env['GENAUTH_ACCESS_KEY_ID'] ?? '';
  const accessKeySecret = env['GENAUTH_ACCESS_KEY_SECRET'] ?? '';
  if (accessKeyId === '' && accessKeySecret === '') return address;
  if (!SAFE_VALUE.test(accessKeyId) || !SAFE_VALUE.test(accessKeySecret)) {
    fail(
      'GENAUTH_ACCESS_KEY_ID and GENAUTH_ACCESS_KEY_SECRET must both be set, of A-Z a-z 0-9 . _ - only, or neither.',
    );
  }
  return { ...address, accessKeyId, accessKeySecret };
}

function explain(error: unknown, { host, port }: Partial<EmulatorOptions>): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'EADDRINUSE') return `Port ${port} on ${host} is taken: set PORT to a free one, or to 0 for any.`;
  return `The emulator can't listen on ${host}, port ${port}: ${code || String(error)}.`;
}

function describe({ url, accessKeyId, accessKeySecret, directory }: Emulator): string {
  const { demoUser, demoApp } = directory;
  return `GenAuth emulator listening on ${url}
GENAUTH_ACCESS_KEY_ID=${accessKeyId}
GENAUTH_ACCESS_KEY_SECRET=${accessKeySecret}
DEMO_USER_ID=${demoUser.userId}
DEMO_APP_ID=${demoApp.appId}
# With the official SDK (npm authing-node-sdk), the four values above in the environment:
#   const { ManagementClient } = require('authing-node-sdk');
#   const { GENAUTH_ACCESS_KEY_ID: accessKeyId, GENAUTH_ACCESS_KEY_SECRET: accessKeySecret, DEMO_USER_ID, DEMO_APP_ID } = process.env;
#   const client = new ManagementClient({ accessKeyId, accessKeySecret, host: '${url}' });
#   client.kickUsers({ userId: DEMO_USER_ID, appIds: [DEMO_APP_ID] }).then(console.log);
# The demo user is also ${demoUser.ids.email} (userIdType email). A restart brings every session back.
`;
}

async function main(): Promise<void> {
  const options = readOptions(process.env);
  const emulator = await startEmulator(options).catch((error: unknown) => fail(explain(error, options)));
  const stop = () => void emulator.stop().then(() => process.exit(0));
  // Not once: under npm a signal may come twice, and without a handler the second would end it with another exit code.
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  // Nobody reads it: that ends no emulator.
  process.stdout.on('error', () => undefined);
  process.stdout.write(describe(emulator));
}

void main();
