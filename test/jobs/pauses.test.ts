/** Why a job is held up, as clients read it at any of several gateways. The clock of circuits is Date.now, and stands still. */
import { eventually } from '../helpers/eventually';
import { kick } from '../helpers/execute';
import { startTestApp, startTestEmulator } from '../helpers/start-app';
import { makeStore, withPostgres } from '../helpers/stores';
import { acceptedJob, readJob } from './jobs';

let nowMs: number;
beforeEach(() => {
  nowMs = Date.now();
  jest.spyOn(Date, 'now').mockImplementation(() => nowMs);
});
afterEach(() => jest.restoreAllMocks());

withPostgres('a job of one gateway', () => {
  it('is held up by the circuit of another one while that says something of GenAuth, and not for ever', async () => {
    const { url } = await makeStore('postgres');
    const start = async () =>
      startTestApp(
        { DATABASE_URL: url!, GENAUTH_BREAKER_FAILURES: '1', GENAUTH_TIMEOUT_MS: '30000' },
        await startTestEmulator(),
      );
    const [idle, working] = [await start(), await start()];
    const { userId } = idle.genauth.directory.demoUser;
    const { appId } = idle.genauth.directory.demoApp;
    idle.genauth.faults.next({ kind: 'status', status: 503, headers: { 'retry-after': '60' } });
    expect(await kick(idle, { userId, appIds: [appId] })).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });

    // The only one that may take it has it in hand from now on.
    working.genauth.faults.always({ kind: 'never' });
    const id = await acceptedJob(working, { userIds: ['stranger'], appIds: [appId] });
    await eventually(() => working.genauth.receivedCount('/api/v3/kick-users') === 1);
    const read = () => Promise.all([idle, working].map((app) => readJob(app, id)));
    const away = expect.stringContaining('GenAuth has been failing');
    const heldUp = await eventually(read, (jobs) => jobs.every(({ pausedReason }) => pausedReason !== null));
    expect(heldUp).toMatchObject(Array(2).fill({ state: 'RUNNING', pausedReason: away, estimatedFinishAt: null }));

    nowMs += 7000;
    const free = await eventually(read, (jobs) => jobs.every(({ pausedReason }) => pausedReason === null));
    expect(free).toMatchObject(Array(2).fill({ state: 'RUNNING', estimatedFinishAt: expect.any(String) }));
    // Or the gateway would wait for the answer.
    await working.genauth.stop();
  });
});
