/** Several gateways on one PostgreSQL, of which some die, stop or leave in the middle of a job. */
import path from 'node:path';
import { eventually } from '../helpers/eventually';
import { startGateway } from '../helpers/gateway-process';
import { startTestEmulator } from '../helpers/start-app';
import { makeStore } from '../helpers/stores';
import { finishedJob, readJob } from '../jobs/jobs';
import { gather, kickAll, kicksOf, lookInto, receivedKicks, repeated } from './crowd';

const OLDER = path.join(__dirname, '..', 'helpers', 'older-gateway.cjs');
const environment = (callsPerSecond: number) => ({
  GENAUTH_TIMEOUT_MS: '1000',
  GENAUTH_MAX_RPS: String(callsPerSecond),
  GENAUTH_BREAKER_FAILURES: '0',
});

/** @param pauseMs longer than a chunk may be in hand, so that another gateway takes over; milliseconds */
export function describeGateways({ users, pauseMs }: { users: number; pauseMs: number }): void {
  const timeoutMs = 60_000 + 3 * pauseMs;

  it(
    `three gateways, one killed, one stopped for ${pauseMs / 1000} s that sends nothing it no longer owns`,
    async () => {
      const genauth = await startTestEmulator({ extraUsers: users });
      const emails = gather(genauth);
      const store = await makeStore('postgres');
      // So slow that the job outlasts the pause.
      const settings = environment(Math.ceil(users / (pauseMs / 1000 + 3)));
      const [killed, paused, third] = await Promise.all([1, 2, 3].map(() => startGateway(genauth, store, settings)));
      genauth.faults.always({ kind: 'delay-after-effect', ms: 100 });
      const id = await kickAll(killed!, genauth, emails);
      await eventually(() => receivedKicks(genauth) >= users / 10);
      await killed!.kill();
      paused!.signal('SIGSTOP');
      const { inFlight } = await lookInto(store, id);
      const stoppedAt = performance.now();
      await eventually(() => performance.now() - stoppedAt > pauseMs, Boolean, 2 * pauseMs);
      const { settled } = await lookInto(store, id);
      const before = genauth.received.length;
      paused!.signal('SIGCONT');
      const job = await finishedJob(third!, id, timeoutMs);

      const { kicked, unknown } = job.progress;
      expect({ state: job.state, answered: kicked + unknown }).toEqual({ state: 'COMPLETED', answered: users });
      expect(repeated(kicksOf(genauth)).filter((email) => !inFlight.has(email))).toEqual([]);
      expect([...kicksOf(genauth, before).keys()].filter((email) => settled.has(email))).toEqual([]);
      // The one that woke goes on serving, and says the same.
      expect(await readJob(paused!, id)).toMatchObject({ state: 'COMPLETED', progress: job.progress });
    },
    timeoutMs,
  );

  it('a gateway that is asked to leave hands its work over: each user is kicked once', async () => {
    const genauth = await startTestEmulator({ extraUsers: 200 });
    const emails = gather(genauth);
    const store = await makeStore('postgres');
    const settings = { ...environment(100), SHUTDOWN_GRACE_MS: '0' };
    const [leaving, staying] = await Promise.all([1, 2].map(() => startGateway(genauth, store, settings)));
    const id = await kickAll(leaving!, genauth, emails);
    await eventually(() => receivedKicks(genauth) >= 30);
    leaving!.signal('SIGTERM');
    expect(await leaving!.exit).toBe(0);
    const job = await finishedJob(staying!, id);
    expect(job).toMatchObject({ state: 'COMPLETED', progress: { kicked: 200 } });
    expect(repeated(kicksOf(genauth))).toEqual([]);
  });

  it('the older release is killed in the middle of its job, and this one finishes it', async () => {
    const genauth = await startTestEmulator({ extraUsers: 200 });
    const emails = gather(genauth);
    const store = await makeStore('postgres');
    const older = await startGateway(genauth, store, environment(100), { script: OLDER });
    const id = await kickAll(older, genauth, emails);
    await eventually(() => receivedKicks(genauth) >= 30);
    await older.kill();
    const { inFlight } = await lookInto(store, id);
    const newer = await startGateway(genauth, store, environment(100));
    const job = await finishedJob(newer, id);
    const { kicked, unknown } = job.progress;
    expect({ state: job.state, answered: kicked + unknown }).toEqual({ state: 'COMPLETED', answered: 200 });
    expect(repeated(kicksOf(genauth)).filter((email) => !inFlight.has(email))).toEqual([]);
  });
}
