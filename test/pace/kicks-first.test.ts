/** Single kicks go before jobs, whichever gateway either is at. */
import { eventually } from '../helpers/eventually';
import { kick } from '../helpers/execute';
import { startTestApp, startTestEmulator, type TestApp } from '../helpers/start-app';
import { makeStore, withPostgres } from '../helpers/stores';
import { acceptedJob, readJob } from '../jobs/jobs';

const CAP = 24;
const GATEWAYS = 6;
/** More than an even share of the pace lets go before their deadline, and less than all of it does. */
const KICKS = 50;

withPostgres('kicks at one of six gateways, while all work on a job', () => {
  it('have the pace that they need', async () => {
    const genauth = await startTestEmulator({ extraUsers: 1000 });
    const { url } = await makeStore('postgres');
    const environment = { DATABASE_URL: url!, GENAUTH_MAX_RPS: String(CAP) };
    const apps: TestApp[] = [];
    for (let i = 0; i < GATEWAYS; i++) apps.push(await startTestApp(environment, genauth));
    const userIds = genauth.directory.users.filter(({ name }) => name.startsWith('load-')).map(({ userId }) => userId);
    const appIds = [genauth.directory.demoApp.appId];
    const id = await acceptedJob(apps[1]!, { userIds, appIds });
    const inHand = (app: TestApp) => app.logs.some(({ msg }) => msg === 'genauth attempt');
    // The job is under way at all of them, so that all have a share.
    await eventually(() => apps.every(inHand));

    const { userId } = genauth.directory.demoUser;
    const codes = await Promise.all(
      Array.from({ length: KICKS }, async () => (await kick(apps[0]!, { userId, appIds })).code ?? 'done'),
    );
    expect(codes.filter((code) => code !== 'done')).toEqual([]);
    expect((await readJob(apps[0]!, id)).progress.pending).toBeGreaterThan(0);
  });
});
