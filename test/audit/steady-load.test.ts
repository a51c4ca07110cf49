/** Reading the trail waits for what was recorded before, never for what comes in meanwhile. */
import type { Database } from '../../src/store/database';
import { eventually } from '../helpers/eventually';
import { execute, kick, operation } from '../helpers/execute';
import { scrape } from '../helpers/scrape';
import { startTestApp, type TestApp } from '../helpers/start-app';
import { describeOnEachStore, makeStore, openStore } from '../helpers/stores';

/** Far more than come in while one page is read. */
const MOST_KICKS = 200;

/** Each writing of records takes until others have come in behind them. */
function underSteadyLoad(database: Database) {
  const kicks: Promise<unknown>[] = [];
  let target: TestApp | null = null;
  const kickOnce = (app: TestApp): void => {
    const { demoUser, demoApp } = app.genauth.directory;
    kicks.push(kick(app, { userId: demoUser.userId, appIds: [demoApp.appId] }));
  };
  const query: Database['query'] = async <Row>(sql: string, parameters?: readonly unknown[]) => {
    const rows = await database.query<Row>(sql, parameters);
    if (target === null || kicks.length >= MOST_KICKS || !sql.includes('insert into audit_events')) return rows;
    const { length } = JSON.parse(String(parameters?.[0]));
    const app = target;
    kickOnce(app);
    await eventually(async () => (await scrape(app)).value('kick_gateway_audit_records_waiting')! > length);
    return rows;
  };
  return {
    store: { ...database, query },
    kicks,
    begin: (app: TestApp): void => void (target = app),
    end: async (): Promise<void> => {
      target = null;
      await Promise.all(kicks);
    },
  };
}

describeOnEachStore('under steady load', (kind) => {
  it('auditEvents answers while kicks go on, with all that was answered before', async () => {
    const { store, kicks, begin, end } = underSteadyLoad(await openStore(await makeStore(kind)));
    const app = await startTestApp({}, undefined, store);
    const { demoUser, demoApp } = app.genauth.directory;
    const { auditId } = await kick(app, { userId: demoUser.userId, appIds: [demoApp.appId] });
    begin(app);
    const { data } = await execute(app, operation('audit-events'), { first: 100 });
    expect(kicks.length).toBeGreaterThan(0);
    expect(kicks.length).toBeLessThan(MOST_KICKS);
    await end();
    const events: { node: unknown }[] = data.auditEvents.edges;
    expect(events.map(({ node }) => node)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ action: 'KICK_REQUESTED', id: auditId }),
        expect.objectContaining({ action: 'KICK_SUCCEEDED', follows: auditId }),
      ]),
    );
  });
});
