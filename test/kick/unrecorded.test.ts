/** Kicks that don't go out, as they can't be recorded, are counted, so that the alert tells of them: a caller's own and a job's. */
import { eventually } from '../helpers/eventually';
import { kick } from '../helpers/execute';
import { failing } from '../helpers/failing-database';
import { scrape } from '../helpers/scrape';
import { startTestApp } from '../helpers/start-app';
import { makeStore, openStore } from '../helpers/stores';
import { acceptedJob, finishedJob } from '../jobs/jobs';

const KICK_USERS = '/api/v3/kick-users';

it('are counted by whose they are, and go out when they can be recorded again', async () => {
  const { store, failNext } = failing(await openStore(await makeStore('embedded')));
  const app = await startTestApp({}, undefined, store);
  const { demoUser, demoApp } = app.genauth.directory;
  const appIds = [demoApp.appId];
  const countOf = async (origin: string): Promise<number> =>
    (await scrape(app)).value('kick_gateway_kicks_total', { origin, outcome: 'AUDIT_UNAVAILABLE' }) ?? 0;
  failNext({ error: new Error('disk full'), isDone: false, where: /audit_events|takeUnlinkedHeads/ }, Infinity);

  expect(await kick(app, { userId: demoUser.userId, appIds })).toMatchObject({ code: 'AUDIT_UNAVAILABLE' });
  expect(await countOf('single')).toBe(1);
  const id = await acceptedJob(app, { userIds: [demoUser.userId], appIds });
  await eventually(
    () => countOf('job'),
    (count) => count > 0,
  );
  expect(app.genauth.receivedCount(KICK_USERS)).toBe(0);

  failNext({ error: new Error('disk full'), isDone: false, where: /nothing/ }, 0);
  expect(await finishedJob(app, id)).toMatchObject({ progress: { kicked: 1 } });
});
