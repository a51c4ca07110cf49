/** What stands on record of a kick that was tried again, that was refused, and that nobody knows the end of. */
import { GenAuthClient } from '../../src/genauth/client';
import { eventually } from '../helpers/eventually';
import { kick } from '../helpers/execute';
import { startTestApp } from '../helpers/start-app';
import { makeStore, openStore } from '../helpers/stores';
import { acceptedJob, finishedJob } from '../jobs/jobs';

interface Row {
  id: string;
  action: string;
  follows: string | null;
  code: string | null;
  may_have_taken_effect: boolean | null;
}

afterEach(() => jest.restoreAllMocks());

async function start(environment: Record<string, string> = {}) {
  const store = await openStore(await makeStore('embedded'));
  const app = await startTestApp(environment, undefined, store);
  const { demoUser, demoApp } = app.genauth.directory;
  /** Nobody waits for the records of outcomes. */
  const recordsUntil = (last: string) =>
    eventually(
      () =>
        store.query<Row>(
          `select id, action, follows, code, may_have_taken_effect from audit_events
           where action like 'KICK\\_%' or action = 'RATE_LIMITED' order by position`,
        ),
      (rows) => rows.some(({ action }) => action === last),
    );
  return { app, userId: demoUser.userId, appIds: [demoApp.appId], recordsUntil };
}

it("a job's kick that is tried again has one record of its request, which the one of its outcome follows", async () => {
  const { app, userId, appIds, recordsUntil } = await start({ GENAUTH_BREAKER_FAILURES: '0' });
  app.genauth.faults.next({ kind: 'status', status: 503 });
  await finishedJob(app, await acceptedJob(app, { userIds: [userId], appIds }));
  expect(app.genauth.receivedCount('/api/v3/kick-users')).toBe(2);
  const records = await recordsUntil('KICK_SUCCEEDED');
  expect(records).toMatchObject([
    { action: 'KICK_REQUESTED', follows: null },
    { action: 'KICK_SUCCEEDED', follows: records[0]!.id, code: null },
  ]);
});

it('one that ends in a bug of ours may have taken effect, on record', async () => {
  const { app, userId, appIds, recordsUntil } = await start();
  jest.spyOn(GenAuthClient.prototype, 'kickUser').mockRejectedValue(new Error('a bug'));
  expect(await kick(app, { userId, appIds })).toMatchObject({ errors: [expect.anything()] });
  const records = await recordsUntil('KICK_FAILED');
  expect(records).toMatchObject([
    { action: 'KICK_REQUESTED' },
    { action: 'KICK_FAILED', follows: records[0]!.id, code: 'UNEXPECTED', may_have_taken_effect: true },
  ]);
});

it('one beyond the limit of its caller has not taken effect, on record', async () => {
  const { app, userId, appIds, recordsUntil } = await start({ RATE_LIMIT_PER_MINUTE: '1' });
  // The limit is by the minute: the second may be in the next one, the third is not.
  const answers = [];
  for (let i = 0; i < 3; i++) answers.push(await kick(app, { userId, appIds }));
  expect(answers).toContainEqual(expect.objectContaining({ code: 'RATE_LIMITED', mayHaveTakenEffect: false }));
  const records = await recordsUntil('RATE_LIMITED');
  expect(records).toContainEqual(
    expect.objectContaining({
      action: 'RATE_LIMITED',
      follows: null,
      code: 'RATE_LIMITED',
      may_have_taken_effect: false,
    }),
  );
});
