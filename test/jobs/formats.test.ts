/** Upgrades: what the release before has begun is finished by this one; what this one can't read stops its start. */
import { createApp } from '../../src/app';
import { parseConfig } from '../../src/config';
import type { Database } from '../../src/store/database';
import type { Emulator } from '../../src/emulator/emulator';
import { eventually } from '../helpers/eventually';
import { captureLog, environmentFor, startTestApp, startTestEmulator } from '../helpers/start-app';
import { describeOnEachStore, makeStore, openStore } from '../helpers/stores';
import { acceptedJob, finishedJob, readJob } from './jobs';

const KICK_USERS = '/api/v3/kick-users';
const JOB_FORMATS = `select distinct data ->> 'format' as format from pgboss.job where state in ('created', 'retry', 'active')`;

describeOnEachStore('the format of jobs', (kind) => {
  let store: Database;
  let genauth: Emulator;
  beforeAll(async () => {
    store = await openStore(await makeStore(kind));
    genauth = await startTestEmulator();
  });
  beforeEach(() => {
    genauth.faults.clear();
    genauth.clearReceived();
  });
  const start = (chunkFormat?: 1) => {
    const config = parseConfig({ ...environmentFor(genauth), GENAUTH_MAX_RPS: '20' });
    return createApp(config, captureLog().log, { database: store, ...(chunkFormat && { chunkFormat }) });
  };
  const inputFor = (count: number) => ({
    userIds: Array.from({ length: count }, (_, index) => `stranger-${index}`),
    appIds: [genauth.directory.demoApp.appId],
  });

  it('before this one: a job begun by that release is finished by this one, each user once', async () => {
    const older = await start(1);
    const id = await acceptedJob(older, inputFor(60));
    await eventually(() => genauth.receivedCount(KICK_USERS) > 0);
    expect(await store.query(JOB_FORMATS)).toEqual([{ format: '1' }]);
    // At twenty a second, most of it is left.
    await older.stop();
    const newer = await startTestApp({ GENAUTH_MAX_RPS: '20' }, genauth, store);
    expect((await readJob(newer, id)).progress.pending).toBeGreaterThan(0);
    expect(await finishedJob(newer, id)).toMatchObject({ state: 'COMPLETED', progress: { total: 60, failed: 60 } });
    expect(genauth.receivedCount(KICK_USERS)).toBe(60);
    await newer.stop();
  });

  it('that is unknown: the gateway does not start over unfinished jobs, and names them', async () => {
    const app = await startTestApp({ GENAUTH_ACCESS_KEY_SECRET: 'wrong' }, genauth, store);
    const [one, other] = [await acceptedJob(app, inputFor(1)), await acceptedJob(app, inputFor(2))];
    await app.stop();
    const unfinished = `finished_at is null and id in ('${one}', '${other}')`;
    await store.run(`update kick_jobs set format = 99 where ${unfinished}`);
    await expect(start()).rejects.toThrow(new RegExp(`finish them: ${one}, ${other}$`));
    await store.run(`update kick_jobs set finished_at = now(), state = 'COMPLETED' where ${unfinished}`);
    await (await start()).stop();
  });
});
