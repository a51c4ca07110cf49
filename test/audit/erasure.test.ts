/** Personal data is erased after `RETENTION_DAYS`, or at once for one user, in the trail and in the outcomes of jobs. */
import { verifyTrail } from '../../src/audit/verify';
import type { Database } from '../../src/store/database';
import type { StoreOptions } from '../../src/store/open-database';
import { makeFolder } from '../helpers/deployment';
import { eventually } from '../helpers/eventually';
import { execute, kick, operation } from '../helpers/execute';
import { environmentOf, START } from '../helpers/gateway-process';
import { runProcess } from '../helpers/processes';
import { startTestApp, startTestEmulator, type TestApp } from '../helpers/start-app';
import { describeOnEachStore, makeStore, openStore } from '../helpers/stores';
import { acceptedJob, finishedJob, outcomesOf, readJob } from '../jobs/jobs';

const DAY_MS = 24 * 60 * 60 * 1000;

const erase = (store: StoreOptions, email: string) =>
  runProcess(process.execPath, [START, 'audit/erase-main.js', '--user-id-type', 'EMAIL', '--user-id', email], {
    cwd: makeFolder(),
    env: environmentOf(store),
  });
const jobFor = ({ genauth: { directory } }: TestApp, userIds: string[]) => ({
  userIds,
  appIds: [directory.demoApp.appId],
  options: { userIdType: 'EMAIL' },
});
const actionsOf = async (app: TestApp): Promise<{ action: string; target: unknown }[]> => {
  const { data } = await execute(app, operation('audit-events'));
  return data.auditEvents.edges.map(({ node }: { node: unknown }) => node);
};

/** How many rows each statement has erased. */
function watchErasures(database: Database) {
  const sizes: number[] = [];
  const query: Database['query'] = async <Row>(sql: string, parameters?: readonly unknown[]) => {
    const rows = await database.query<Row>(sql, parameters);
    if (/set (target_id|user_id) = null/.test(sql)) sizes.push(rows.length);
    return rows;
  };
  return { sizes, store: { ...database, query } };
}

describeOnEachStore('erasure', (kind) => {
  it('empties old records after RETENTION_DAYS, and the chain still verifies', async () => {
    const store = await makeStore(kind);
    const app = await startTestApp(environmentOf(store));
    const { demoUser, demoApp } = app.genauth.directory;
    await kick(app, { userId: demoUser.ids.email, appIds: [demoApp.appId], options: { userIdType: 'EMAIL' } });
    await app.stop();
    const now = jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 31 * DAY_MS);
    const later = await startTestApp({ ...environmentOf(store), RETENTION_DAYS: '30' });
    await eventually(() => later.logs.some(({ msg }) => msg === 'personal data erased'));
    now.mockRestore();
    expect(await actionsOf(later)).toMatchObject([
      { action: 'TARGETS_ERASED', actor: 'gateway' },
      { action: 'CHAIN_OPENED' },
      { action: 'KICK_SUCCEEDED', target: { userIdType: 'EMAIL', userId: null } },
      { action: 'KICK_REQUESTED', target: { userIdType: 'EMAIL', userId: null } },
      { action: 'CHAIN_OPENED' },
    ]);
    await later.stop();
    expect(await verifyTrail(await openStore(store), [])).toMatchObject({ faults: [], erased: 2 });
  });

  it('leaves records alone that are a day younger than RETENTION_DAYS', async () => {
    const store = await makeStore(kind);
    const app = await startTestApp(environmentOf(store));
    const { demoUser, demoApp } = app.genauth.directory;
    await kick(app, { userId: demoUser.ids.email, appIds: [demoApp.appId], options: { userIdType: 'EMAIL' } });
    await app.stop();
    const now = jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 29 * DAY_MS);
    const later = await startTestApp({ ...environmentOf(store), RETENTION_DAYS: '30' });
    // An end waits for the run that the start began.
    await later.stop();
    now.mockRestore();
    expect(later.logs.filter(({ msg }) => String(msg).startsWith('personal data'))).toEqual([]);
    const rows = await (
      await openStore(store)
    ).query('select target_id as id from audit_events where target_type is not null');
    expect(rows).toEqual([{ id: demoUser.ids.email }, { id: demoUser.ids.email }]);
  });

  it('goes through many records in small steps, and takes the outcomes of jobs along', async () => {
    const database = await openStore(await makeStore(kind));
    const app = await startTestApp({}, undefined, database);
    const users = Array.from({ length: 1050 }, (_, index) => `stranger-${index}@example.com`);
    const id = await acceptedJob(app, jobFor(app, users));
    await finishedJob(app, id);
    await app.stop();
    const [before] = await database.query<{ named: number }>(
      'select count(target_id)::integer as named from audit_events',
    );

    const { sizes, store } = watchErasures(database);
    const now = jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 31 * DAY_MS);
    const later = await startTestApp({ RETENTION_DAYS: '30' }, undefined, store);
    await eventually(() => later.logs.some(({ msg }) => msg === 'personal data erased'));
    now.mockRestore();

    expect(Math.max(...sizes)).toBe(1000);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(1050 + before!.named);
    expect(later.logs.find(({ msg }) => msg === 'personal data erased')).toMatchObject({
      records: before!.named,
      outcomes: 1050,
    });
    const outcomes = outcomesOf(await readJob(later, id, { first: 100 }));
    expect(outcomes).toHaveLength(100);
    for (const outcome of outcomes) expect(outcome).toMatchObject({ state: 'FAILED', userId: '', message: null });
    const left = await database.query(
      `select 1 from kick_lines where user_id is not null or message is not null
       union all select 1 from audit_events where target_id is not null or target_key is not null`,
    );
    expect(left).toEqual([]);
    await later.stop();
    expect(await verifyTrail(database, [])).toMatchObject({ faults: [] });
  });

  it('of one user reaches what jobs know of them, and tells of a job that needs them still', async () => {
    const store = await makeStore(kind);
    const genauth = await startTestEmulator();
    const app = await startTestApp(environmentOf(store), genauth);
    const [gone, stays] = genauth.directory.users.map(({ ids }) => ids.email);
    const done = await acceptedJob(app, jobFor(app, [gone!, stays!, gone!]));
    await finishedJob(app, done);
    genauth.faults.always({ kind: 'envelope', statusCode: 429, message: 'slow down' });
    const open = await acceptedJob(app, jobFor(app, [gone!]));
    await app.stop();

    expect(await erase(store, gone!)).toEqual({
      code: 1,
      stdout: expect.stringMatching(/^erased in \d+ records and 2 outcomes of jobs\n$/),
      stderr: 'a job that is not finished names the user still: ask again when it is\n',
    });
    genauth.faults.clear();
    const later = await startTestApp(environmentOf(store), genauth);
    expect(outcomesOf(await finishedJob(later, done))).toMatchObject([
      { userId: '', state: 'KICKED' },
      { userId: stays, state: 'KICKED' },
      { userId: '', state: 'SKIPPED', message: null },
    ]);
    expect(outcomesOf(await finishedJob(later, open))).toMatchObject([{ userId: gone, state: 'KICKED' }]);
    await later.stop();

    expect(await erase(store, gone!)).toMatchObject({ code: 0, stderr: '' });
    const database = await openStore(store);
    expect(await database.query('select 1 from kick_lines where user_id = $1', [gone])).toEqual([]);
    expect(await database.query('select 1 from audit_events where target_id = $1', [gone])).toEqual([]);
    expect(await verifyTrail(database, [])).toMatchObject({ faults: [] });
  });
});
