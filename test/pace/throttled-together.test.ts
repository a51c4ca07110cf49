/** HTTP 429 to one gateway slows all of them down, and is told even if the database was away just then. */
import { eventually } from '../helpers/eventually';
import { kick } from '../helpers/execute';
import { scrape } from '../helpers/scrape';
import { startTestApp, startTestEmulator, type TestApp } from '../helpers/start-app';
import { makeStore, openStore, withPostgres } from '../helpers/stores';

const factorOf = async (app: TestApp): Promise<number> =>
  (await scrape(app)).value('kick_gateway_pace_throttle_factor') ?? NaN;

withPostgres('two gateways of one database', () => {
  async function start() {
    const store = await makeStore('postgres');
    const genauth = await startTestEmulator();
    const database = await openStore(store);
    let isAway = false;
    let lost = 0;
    const query: typeof database.query = (sql, parameters, name) => {
      if (!isAway || !sql.includes('pace_renew')) return database.query(sql, parameters, name);
      lost++;
      return Promise.reject(new Error('Connection terminated unexpectedly'));
    };
    const one = await startTestApp({ GENAUTH_MAX_RPS: '100' }, genauth, { ...database, query });
    const other = await startTestApp({ DATABASE_URL: store.url!, GENAUTH_MAX_RPS: '100' }, genauth);
    const { demoUser, demoApp } = genauth.directory;
    const refuseOne = async () => {
      genauth.faults.next({ kind: 'status', status: 429, headers: { 'retry-after': '30' } });
      expect(await kick(one, { userId: demoUser.userId, appIds: [demoApp.appId] })).toMatchObject({
        code: 'RATE_LIMITED',
      });
    };
    expect([await factorOf(one), await factorOf(other)]).toEqual([1, 1]);
    return { one, other, refuseOne, setAway: (next: boolean) => ((isAway = next), (lost = 0)), lost: () => lost };
  }
  const isSlower = (factor: number): boolean => factor < 1;

  it('slow down together', async () => {
    const { one, other, refuseOne } = await start();
    await refuseOne();
    expect(await factorOf(one)).toBeLessThan(1);
    await eventually(() => factorOf(other), isSlower);
  });

  it('do so, too, when the one that was refused could not say so at first', async () => {
    const { one, other, refuseOne, setAway, lost } = await start();
    setAway(true);
    await refuseOne();
    await eventually(() => lost() > 1);
    expect([isSlower(await factorOf(one)), await factorOf(other)]).toEqual([true, 1]);
    setAway(false);
    await eventually(() => factorOf(other), isSlower);
  });
});
