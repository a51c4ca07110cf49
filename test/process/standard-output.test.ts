/** Standard output that can't be written: on a full disk, or with nobody who reads it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { eventually } from '../helpers/eventually';
import { makeFolder } from '../helpers/deployment';
import { START } from '../helpers/gateway-process';
import { makeDataDir } from '../helpers/stores';
import { atEnd } from '../helpers/at-end';

it('ends no gateway: it starts, says so in its log, and stops when it is asked to', async () => {
  // A device of Linux's that has never room (full(4)).
  const full = openSync('/dev/full', 'w');
  const child = spawn(process.execPath, [START], {
    cwd: makeFolder(),
    env: { PATH: process.env['PATH'], PORT: '0', DATA_DIR: makeDataDir() },
    stdio: ['ignore', full, 'pipe'],
  });
  closeSync(full);
  atEnd(async () => void child.kill('SIGKILL'));
  let log = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (log += text));
  const exit = once(child, 'exit');
  await eventually(() => log.includes('standard output can not be written'));
  const [, url = ''] = /"url":"([^"]+)"/.exec(log) ?? [];
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  child.kill('SIGINT');
  expect(await exit).toEqual([0, null]);
});
