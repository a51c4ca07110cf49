/** One process at a time for an embedded database's directory. */
import { existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { lockDirectory } from '../../src/store/directory-lock';
import { makeFolder } from '../helpers/deployment';
import { startProcess, type Child } from '../helpers/processes';
import { makeDataDir } from '../helpers/stores';

const IN_USE = 'DATA_DIR is in use by another process; stop that one, set another DATA_DIR, or use DATABASE_URL';
const GATEWAY = /^ {2}GraphQL {2}http:\/\/\S+\/graphql$/m;

const begin = (env: Record<string, string>): Child =>
  startProcess(process.execPath, [path.join('dist', 'main.js')], { env: { PORT: '0', LOG_LEVEL: 'silent', ...env } });

const locksOf = (folder: string): string[] => readdirSync(folder).filter((name) => /lock/.test(name));

/** A directory whose holder was killed. */
async function makeLeft(): Promise<string> {
  const folder = makeFolder();
  const script = `require('./dist/store/directory-lock').lockDirectory(process.argv[1])
    .then(() => { console.log('held'); setInterval(() => {}, 1000); });`;
  const holder = startProcess(process.execPath, ['-e', script, folder]);
  await holder.stdoutMatching(/held/);
  holder.signal('SIGKILL');
  await holder.exit;
  expect(locksOf(folder)).toHaveLength(1);
  return folder;
}

it('a second gateway is refused; one that was killed keeps nobody out, one that ended leaves nothing', async () => {
  const env = { DATA_DIR: makeDataDir() };
  const first = begin(env);
  await first.stdoutMatching(GATEWAY);
  const second = begin(env);
  expect(await second.exit).toBe(1);
  expect(second.output).toEqual({ stdout: '', stderr: `${IN_USE}\n` });
  first.signal('SIGKILL');
  await first.exit;
  const third = begin(env);
  await third.stdoutMatching(GATEWAY);
  third.signal('SIGINT');
  expect(await third.exit).toBe(0);
  expect(locksOf(env.DATA_DIR)).toEqual([]);
});

/** Each a little later than the one before, so that all steps of one meet all steps of another. */
async function lockInTurn(folder: string, place: number) {
  for (let turn = 0; turn < place; turn += 1) await nextTurn();
  return lockDirectory(folder);
}

it('of many who find the lock of a killed one at once, one gets it', async () => {
  for (let round = 0; round < 5; round += 1) {
    const folder = await makeLeft();
    const tries = await Promise.allSettled(Array.from({ length: 20 }, (_, place) => lockInTurn(folder, place)));
    const unlocks = tries.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    const reasons = tries.flatMap((each) => (each.status === 'rejected' ? [String(each.reason)] : []));
    expect({ unlocks: unlocks.length, reasons: new Set(reasons) }).toEqual({
      unlocks: 1,
      reasons: new Set([`DirectoryInUseError: ${IN_USE}`]),
    });
    await unlocks[0]!();
    await (
      await lockDirectory(folder)
    )();
    expect(locksOf(folder)).toEqual([]);
  }
});

it('a lock whose holder can not be asked is not taken over', async () => {
  const folder = makeFolder();
  symlinkSync('lock', path.join(folder, 'lock'));
  await expect(lockDirectory(folder)).rejects.toMatchObject({ code: 'ELOOP' });
  expect(locksOf(folder)).toEqual(['lock']);
});

it('holds where the path is too long for a socket, and whatever each process takes for the folder of temporary files', async () => {
  const folder = path.join(makeFolder(), 'deep'.repeat(30));
  mkdirSync(folder);
  const unlock = await lockDirectory(folder);
  const second = begin({ DATA_DIR: folder, TMPDIR: makeFolder() });
  expect(await second.exit).toBe(1);
  expect(second.output.stderr).toBe(`${IN_USE}\n`);
  expect(locksOf(folder)).toHaveLength(1);
  await unlock();
  expect(locksOf(folder)).toEqual([]);
  expect(existsSync(folder)).toBe(true);
});
