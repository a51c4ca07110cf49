/** A job that goes slowly: in the order of its list, and whoever had to wait longer has not failed for that. */
import { kicksOf } from '../durability/crowd';
import { eventually } from '../helpers/eventually';
import { scrape } from '../helpers/scrape';
import { startTestApp } from '../helpers/start-app';
import { describeOnEachStore, makeStore, openStore } from '../helpers/stores';
import { acceptedJob, finishedJob } from './jobs';

const USERS = 300;
/** Three chunks: they change hands every second here, and one that is ready to be taken again goes before one that waits. */
const NEIGHBOURS = 150;

describeOnEachStore('a job that takes many turns', (kind) => {
  it('is worked off in the order of its list, and every user is called once, and on record once', async () => {
    const store = await openStore(await makeStore(kind));
    const app = await startTestApp({ GENAUTH_MAX_RPS: '40', GENAUTH_TIMEOUT_MS: '4000' }, undefined, store);
    app.genauth.faults.always({ kind: 'delay', ms: 60 });
    const { demoApp, users } = app.genauth.directory;
    const emails = Array.from({ length: USERS }, (_, index) => users[index]?.ids.email ?? `load-${index}@example.com`);
    const options = { userIdType: 'EMAIL' };
    const id = await acceptedJob(app, { userIds: emails, appIds: [demoApp.appId], options });
    await finishedJob(app, id);

    const arrived = [...kicksOf(app.genauth)];
    expect(arrived.map(([, times]) => times)).toEqual(emails.map(() => 1));
    const places = arrived.map(([userId], place) => Math.abs(emails.indexOf(userId) - place));
    expect(Math.max(...places)).toBeLessThan(NEIGHBOURS);
    const { value } = await scrape(app);
    const failed = { origin: 'job', outcome: 'UPSTREAM_UNAVAILABLE' };
    expect(value('kick_gateway_kicks_total', failed) ?? 0).toBe(0);
    // At debug, a kick that was put off before its turn came has a line, and no record.
    const told = app.logs.filter(({ code, auditId }) => code === 'UPSTREAM_UNAVAILABLE' && auditId !== null);
    expect(told).toEqual([]);
    const count = () =>
      store.query<{ action: string; many: number }>(
        `select action, count(*)::integer as many from audit_events where action like 'KICK%' group by action order by action`,
      );
    // Nobody waits for the records of outcomes, the job neither.
    const records = await eventually(count, (found) => found.reduce((sum, { many }) => sum + many, 0) >= 2 * USERS);
    expect(records).toEqual([
      { action: 'KICK_FAILED', many: USERS - users.length },
      { action: 'KICK_REQUESTED', many: USERS },
      { action: 'KICK_SUCCEEDED', many: users.length },
    ]);
  });
});
