/** What is not known yet is waited for; what GenAuth was never asked is no user's failure. */
import { StartTurns } from '../../src/jobs/start-turns';
import { eventually } from '../helpers/eventually';
import { startHeldUpstream } from '../helpers/held-upstream';
import { startTestApp, startTestEmulator } from '../helpers/start-app';
import { describeOnEachStore, makeStore, openStore } from '../helpers/stores';
import { acceptedJob, finishedJob, outcomesOf, readJob, run } from './jobs';

const CHECK_SESSION = '/api/v3/check-session-status';
/** Nobody listens there. */
const NOWHERE = 'http://127.0.0.1:9';

describeOnEachStore('a user', (kind) => {
  const newStore = async () => openStore(await makeStore(kind));

  it('of an old job does not fail of calls that found no GenAuth, however many', async () => {
    const store = await newStore();
    const app = await startTestApp({ GENAUTH_HOST: NOWHERE, GENAUTH_BREAKER_FAILURES: '0' }, undefined, store);
    const id = await acceptedJob(app, { userIds: ['u0', 'u1'], appIds: ['a'] });
    await store.query(`update kick_jobs set created_at = created_at - interval '25 hours' where id = $1`, [id]);
    // Between calls only (see untimely.test.ts), and until it stands.
    const raise = () =>
      store.query<{ attempts: number }>(
        `update kick_lines set attempts = greatest(attempts, 150) where job_id = $1 and calls = '.' returning attempts`,
        [id],
      );
    await eventually(raise, (lines) => lines.some(({ attempts }) => attempts > 152));
    expect(await readJob(app, id)).toMatchObject({ state: 'RUNNING', progress: { failed: 0, unknown: 0, pending: 2 } });
  });

  it('in doubt is read back when GenAuth is back, and what is told is why there was no answer', async () => {
    const store = await newStore();
    const genauth = await startTestEmulator();
    const { demoUser, demoApp } = genauth.directory;
    // Of a gateway that has died since.
    const idle = await startTestApp({ GENAUTH_HOST: NOWHERE, GENAUTH_BREAKER_FAILURES: '1' }, undefined, store);
    const id = await acceptedJob(idle, { userIds: [demoUser.userId], appIds: [demoApp.appId] });
    await idle.stop();
    await store.query(
      `update kick_lines set calls = 's', owner = null, attempts = attempts + 1, sent_at = now() - interval '1 minute'
       where job_id = $1`,
      [id],
    );
    genauth.directory.signOut(demoUser.userId, demoApp.appId);
    const away = await startTestApp({ GENAUTH_HOST: NOWHERE }, undefined, store);
    // Without a circuit that has opened already: each reading is made, and fails.
    const reading = () =>
      store.query<{ reads_tried: string }>('select reads_tried from kick_lines where job_id = $1', [id]);
    await eventually(reading, ([line]) => line!.reads_tried.length > 1);
    expect(await readJob(away, id)).toMatchObject({ progress: { pending: 1, unknown: 0 } });
    await away.stop();
    const back = await startTestApp({}, genauth, store);
    expect(outcomesOf(await finishedJob(back, id))[0]).toMatchObject({ state: 'KICKED', code: null, message: null });
  });

  it('whose call took too long, and who can’t be read back, is UNKNOWN with UPSTREAM_TIMEOUT', async () => {
    const upstream = await startHeldUpstream();
    const environment = { GENAUTH_HOST: upstream.url, GENAUTH_TIMEOUT_MS: '1000', GENAUTH_BREAKER_FAILURES: '0' };
    const app = await startTestApp(environment, undefined, await newStore());
    const id = await acceptedJob(app, { userIds: ['u0'], appIds: ['a'] });
    // The calls are never answered; the readings are, and have no answer in them.
    const answering = setInterval(() => {
      if (upstream.paths.at(-1) === CHECK_SESSION) upstream.answer({ statusCode: 403, message: 'no' });
    }, 20);
    const job = await finishedJob(app, id).finally(() => clearInterval(answering));
    expect(outcomesOf(job)[0]).toMatchObject({ state: 'UNKNOWN', code: 'UPSTREAM_TIMEOUT' });
  });

  it('who was seen online is not called out when the job is cancelled', async () => {
    const store = await newStore();
    const app = await startTestApp({ GENAUTH_TIMEOUT_MS: '1000', GENAUTH_MAX_RPS: '4' }, undefined, store);
    const { directory, faults } = app.genauth;
    const { userId } = directory.users[3]!;
    const { appId } = directory.demoApp;
    directory.signIn(userId, appId);
    // GenAuth says yes, and does nothing.
    faults.always({ kind: 'envelope', statusCode: 200, message: 'ok', data: { success: true } });
    const id = await acceptedJob(app, { userIds: [userId], appIds: [appId], verify: true });
    const seen = () =>
      store.query<{ seen: boolean }>(
        `select reads_tried ~ 'o' and state = 'PENDING' as seen from kick_lines where job_id = $1`,
        [id],
      );
    await eventually(seen, ([line]) => line!.seen);
    await run(app, 'cancel-kick-job', { id });
    expect(outcomesOf(await finishedJob(app, id))[0]).toMatchObject({ state: 'FAILED', verifiedOffline: false });
  });

  it('is verified when GenAuth lets itself be read again', async () => {
    const app = await startTestApp({}, undefined, await newStore());
    const { directory, faults } = app.genauth;
    const { userId } = directory.users[3]!;
    const { appId } = directory.demoApp;
    directory.signIn(userId, appId);
    // Each reading is three attempts: more than three readings fail.
    faults.next({ kind: 'status', status: 429 }, 15, CHECK_SESSION);
    const job = await finishedJob(app, await acceptedJob(app, { userIds: [userId], appIds: [appId], verify: true }));
    expect(outcomesOf(job)[0]).toMatchObject({ state: 'KICKED', verifiedOffline: true });
  });

  it('has a job whose end is on record, though the answer to its commit was lost', async () => {
    const store = await newStore();
    let isArmed = true;
    const transaction: typeof store.transaction = async (work) => {
      let ends = false;
      const result = await store.transaction((inner) =>
        work({
          ...inner,
          query: async <Row>(sql: string, ...rest: [(readonly unknown[])?, string?]) => {
            const rows = await inner.query<Row>(sql, ...rest);
            ends ||= /set finished_at/.test(sql) && rows.length > 0;
            return rows;
          },
        }),
      );
      if (!ends || !isArmed) return result;
      isArmed = false;
      throw new Error('Connection terminated unexpectedly');
    };
    const app = await startTestApp({}, undefined, { ...store, transaction });
    const { demoUser, demoApp } = app.genauth.directory;
    const id = await acceptedJob(app, { userIds: [demoUser.userId], appIds: [demoApp.appId] });
    const { node } = await eventually(
      async () => {
        const { edges } = await run(app, 'audit-events', { jobId: id });
        return edges.find((edge: { node: { action: string } }) => edge.node.action === 'JOB_FINISHED');
      },
      (edge) => edge !== undefined,
    );
    expect(isArmed).toBe(false);
    expect(node).toMatchObject({ code: 'AUDIT_UNAVAILABLE', mayHaveTakenEffect: true });
  });
});

describe('starts of jobs', () => {
  afterEach(() => jest.restoreAllMocks());
  const setUp = () => {
    const turns = new StartTurns();
    const begun: string[] = [];
    let letGo = (): void => undefined;
    const held = new Promise<void>((resolve) => (letGo = resolve));
    const start = (subject: string, name: string, until: Promise<void> = Promise.resolve()) =>
      turns.take({ issuer: 'https://issuer.example', subject }, async () => {
        begun.push(name);
        await until;
      });
    return { begun, start, held, letGo: () => letGo() };
  };

  it('of one caller wait for each other, and not for those of another', async () => {
    const { begun, start, held, letGo } = setUp();
    const alices = [start('alice', 'alice 1', held), start('alice', 'alice 2')];
    await start('bob', 'bob');
    expect(begun).toEqual(['alice 1', 'bob']);
    letGo();
    await Promise.all(alices);
    expect(begun).toEqual(['alice 1', 'bob', 'alice 2']);
  });

  it('are refused, with nothing begun, when those before them take longer than a statement may', async () => {
    let nowMs = performance.now();
    jest.spyOn(performance, 'now').mockImplementation(() => nowMs);
    const { begun, start, held, letGo } = setUp();
    const first = start('alice', 'first', held);
    const late = [start('alice', 'second'), start('alice', 'third')].map((one) => one.catch((error: unknown) => error));
    nowMs += 5000;
    letGo();
    await first;
    for (const error of await Promise.all(late)) expect(error).toMatchObject({ code: 'AUDIT_UNAVAILABLE' });
    expect(begun).toEqual(['first']);
    await start('alice', 'fourth');
    expect(begun).toEqual(['first', 'fourth']);
  });
});
