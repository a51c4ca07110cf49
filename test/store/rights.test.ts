/** A role that may not do what the gateway needs at its start: told in our words, which name nobody. */
import { Client } from 'pg';
import { startFaultsOf } from '../../src/start-faults';
import { startTestApp } from '../helpers/start-app';
import { makeStore, withPostgres } from '../helpers/stores';

withPostgres('the role of the database', () => {
  it.each([
    ['nothing', [], /^the database is not reachable, or refuses this gateway \(42501\): the user may not do what/],
    [
      'tables in public alone',
      ['schema public'],
      /^the database refuses this gateway \(42501\): the user may not do what/,
    ],
    ['both', ['schema public', 'database'], null],
  ])('may make %s', async (what, rights, fault) => {
    const { url } = await makeStore('postgres');
    const address = new URL(url!);
    const database = address.pathname.slice(1);
    const role = `gateway_${database}_${what.replace(/\W/g, '_')}`;
    const owner = new Client({ connectionString: url! });
    await owner.connect();
    await owner.query(`create role ${role} login password 'secret'`);
    for (const on of rights) {
      await owner.query(`grant create on ${on === 'database' ? `database ${database}` : on} to ${role}`);
    }
    await owner.end();
    address.username = role;
    address.password = 'secret';
    const start = startTestApp({ DATABASE_URL: address.href });
    if (fault === null) expect((await (await fetch(`${(await start).url}/readyz`)).json()).ready).toBe(true);
    else {
      const error: unknown = await start.catch((thrown: unknown) => thrown);
      expect(startFaultsOf(error)).toEqual([expect.stringMatching(fault)]);
      expect(startFaultsOf(error)[0]).not.toContain(database);
    }
  });
});
