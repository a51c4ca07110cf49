/** `npm run emulator`: GenAuth's stand-in as a process of its own, for other clients. */
import path from 'node:path';
import { makeFolder } from '../helpers/deployment';
import { kick } from '../helpers/execute';
import { ROOT, runProcess, startProcess } from '../helpers/processes';

const START = path.join(ROOT, 'src', 'start.cjs');
const NAMES = ['GENAUTH_ACCESS_KEY_ID', 'GENAUTH_ACCESS_KEY_SECRET', 'DEMO_USER_ID', 'DEMO_APP_ID'];

const startEmulatorProcess = (env: Record<string, string>) =>
  startProcess(process.execPath, [START, 'emulator/main.js'], { cwd: makeFolder(), env: { PORT: '0', ...env } });

it('prints its address and four values that a gateway kicks with', async () => {
  const emulator = startEmulatorProcess({});
  await emulator.stdoutMatching(/^DEMO_APP_ID=.*\n/m);
  const { stdout } = emulator.output;
  const [, host = ''] = /(http:\/\/127\.0\.0\.1:\d+)$/m.exec(stdout) ?? [];
  const printed = [...stdout.matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]);
  expect(printed.map(([name]) => name)).toEqual(NAMES);
  for (const [, value] of printed) expect(value).toMatch(/^[A-Za-z0-9._-]+$/);

  const values: Record<string, string> = Object.fromEntries(printed);
  const gateway = startProcess(process.execPath, [START], {
    cwd: makeFolder(),
    env: { PORT: '0', GENAUTH_HOST: host, ...values },
  });
  const [, url = ''] = await gateway.stdoutMatching(/^ {2}GraphQL {2}(\S+)\/graphql$/m);
  expect(gateway.output.stdout).toContain(`  GenAuth  ${host}\n`);
  const payload = await kick({ url }, { userId: values['DEMO_USER_ID'], appIds: [values['DEMO_APP_ID']] });
  expect(payload).toMatchObject({ __typename: 'KickUsersSuccess', success: true });

  emulator.signal('SIGTERM');
  expect(await emulator.exit).toBe(0);
  expect(emulator.output.stderr).toBe('');
});

it('takes the keys that it is given', async () => {
  const keys = { GENAUTH_ACCESS_KEY_ID: 'my-id', GENAUTH_ACCESS_KEY_SECRET: 'my-secret' };
  const emulator = startEmulatorProcess(keys);
  await emulator.stdoutMatching(/^GENAUTH_ACCESS_KEY_ID=my-id\nGENAUTH_ACCESS_KEY_SECRET=my-secret$/m);
});

it.each([
  ['a port that is none', { PORT: 'canary' }, 'PORT must be a number from 0 to 65535.'],
  [
    'half a key',
    { GENAUTH_ACCESS_KEY_ID: 'canary' },
    'GENAUTH_ACCESS_KEY_ID and GENAUTH_ACCESS_KEY_SECRET must both be set, of A-Z a-z 0-9 . _ - only, or neither.',
  ],
])('refuses %s in one line', async (_name, env, line) => {
  const options = { cwd: makeFolder(), env: { PORT: '0', ...env } };
  const run = await runProcess(process.execPath, [START, 'emulator/main.js'], options);
  expect(run).toEqual({ code: 1, stdout: '', stderr: `${line}\n` });
});
