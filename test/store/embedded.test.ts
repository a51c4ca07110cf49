/** The embedded store has one session for everything: what fails in it must leave it as it was. */
import { makeDataDir, makeStore, openStore } from '../helpers/stores';
import { chmodSync, statSync } from 'node:fs';
import path from 'node:path';

it('goes on after a text of statements that failed in the middle of its own transaction', async () => {
  const store = await openStore(await makeStore('embedded'));
  await expect(store.run('begin; select 1 / 0; commit')).rejects.toMatchObject({ code: '22012' });
  expect(await store.query('select 1 as one')).toEqual([{ one: 1 }]);
  expect(await store.transaction((within) => within.query('select 2 as two'))).toEqual([{ two: 2 }]);
});

it('keeps what it holds from other users of the machine', async () => {
  const dataDir = path.join(makeDataDir(), 'new');
  await openStore({ url: null, dataDir });
  expect((statSync(dataDir).mode & 0o777).toString(8)).toBe('700');
});

it('closes what it holds to them, where others may look into its directory', async () => {
  const dataDir = makeDataDir();
  for (const directory of [dataDir, path.join(dataDir, 'postgres')]) chmodSync(directory, 0o755);
  await openStore({ url: null, dataDir });
  expect((statSync(path.join(dataDir, 'postgres')).mode & 0o777).toString(8)).toBe('700');
});

it('is refused where the system makes no directories', async () => {
  await expect(openStore({ url: null, dataDir: '/proc/none/data' })).rejects.toThrow(
    'DATA_DIR cannot be used (ENOENT)',
  );
});
