/** A job that is cancelled before any of its users was called: what is recorded of it, and what its ticket gives away. And one between two calls. */
import { eventually } from '../helpers/eventually';
import { kick } from '../helpers/execute';
import { startTestApp, startTestEmulator, type TestApp } from '../helpers/start-app';
import { describeOnEachStore, makeStore, openStore } from '../helpers/stores';
import { acceptedJob, finishedJob, readJob, run } from './jobs';

const TICKET = 'alice@leak.example called from +4915112345678';
const NONE = { pending: 0, kicked: 0, failed: 0, unknown: 0 };

interface Event {
  action: string;
  ticket: string | null;
  details: string | null;
}

describe('a job that is cancelled before it began', () => {
  let app: TestApp;
  let id: string;
  beforeAll(async () => {
    // GenAuth refuses the key, and a first kick has told so: jobs wait.
    app = await startTestApp({ GENAUTH_ACCESS_KEY_SECRET: 'wrong' });
    const { demoApp } = app.genauth.directory;
    await kick(app, { userId: 'nobody', appIds: [demoApp.appId] });
    id = await acceptedJob(app, { userIds: ['u1', 'u2', 'u3'], appIds: [demoApp.appId], ticket: TICKET });
    await run(app, 'cancel-kick-job', { id });
    await finishedJob(app, id);
  });

  it('has its outcomes counted in the record of its end, like any other', async () => {
    const events = async (): Promise<Event[]> =>
      (await run(app, 'audit-events', { jobId: id })).edges.map(({ node }: { node: Event }) => node);
    const [last, ...others] = await eventually(events, ([newest]) => newest?.action === 'JOB_FINISHED');
    expect(others.map(({ action }) => action)).toEqual(['JOB_CANCELLED', 'JOB_STARTED']);
    expect(JSON.parse(last!.details!)).toEqual({ ...NONE, state: 'CANCELLED', total: 3, skipped: 3 });
    expect(app.logs.find(({ msg }) => msg === 'job finished')).toMatchObject({ jobId: id, skipped: 3 });
  });

  it('has a ticket that is recorded as it is, and logged only if it looks like one', async () => {
    const { edges } = await run(app, 'audit-events', { jobId: id });
    expect(edges.map(({ node }: { node: Event }) => node.ticket)).toContain(TICKET);
    const told = app.logs.filter(({ msg }) => msg === 'job');
    expect(told.map(({ action, ticket }) => [action, ticket])).toEqual([
      ['JOB_STARTED', null],
      ['JOB_CANCELLED', null],
    ]);
    expect(JSON.stringify(app.logs)).not.toMatch(/alice|leak\.example|4915112345678/);
  });
});

describeOnEachStore('a job that is cancelled between two calls', (kind) => {
  it('ends at once, and its other users get neither records nor turns of their own', async () => {
    const database = await openStore(await makeStore(kind));
    const genauth = await startTestEmulator({ extraUsers: 40 });
    const app = await startTestApp({ GENAUTH_MAX_RPS: '5' }, genauth, database);
    const userIds = genauth.directory.users.filter(({ name }) => name.startsWith('load-')).map(({ userId }) => userId);
    const jobId = await acceptedJob(app, { userIds, appIds: [genauth.directory.demoApp.appId] });
    const answered = async () => (await readJob(app, jobId)).progress.kicked;
    await eventually(answered, (kicked) => kicked > 0);
    await run(app, 'cancel-kick-job', { id: jobId });
    const { progress } = await finishedJob(app, jobId);
    expect(progress.kicked + progress.skipped).toBe(40);
    expect(progress.skipped).toBeGreaterThan(0);

    const active = async () => (await database.query(`select id from pgboss.job where state = 'active'`)).length;
    await eventually(active, (count) => count === 0);
    const late = `select action from audit_events where job_id = $1 and action = 'KICK_REQUESTED' and position >
      (select position from audit_events where job_id = $1 and action = 'JOB_FINISHED')`;
    await eventually(
      () => database.query(`select id from audit_events where job_id = $1 and action = 'JOB_FINISHED'`, [jobId]),
      (records) => records.length === 1,
    );
    expect(await database.query(late, [jobId])).toEqual([]);
    // Who is skipped was not tried, so nothing of them is on record as failed.
    const failed = `select code from audit_events where job_id = $1 and action = 'KICK_FAILED'`;
    expect(await database.query(failed, [jobId])).toEqual([]);
    expect(genauth.receivedCount('/api/v3/kick-users')).toBe(progress.kicked);
  });
});
