/** What a job stands on goes away in the middle of it, and comes back. */
import { eventually } from '../helpers/eventually';
import { startGateway } from '../helpers/gateway-process';
import { atEnd } from '../helpers/at-end';
import { createDatabase, startPostgres } from '../helpers/postgres';
import { startTestEmulator } from '../helpers/start-app';
import { makeStore, type StoreKind } from '../helpers/stores';
import { startTcpProxy } from '../helpers/tcp-proxy';
import { finishedJob, readJob } from '../jobs/jobs';
import { gather, kickAll, kicksOf, receivedKicks, repeated } from './crowd';

const USERS = 200;

export function describeGenAuthOutage(kind: StoreKind, { downMs }: { downMs: number }): void {
  it(
    `GenAuth is down for ${downMs / 1000} s, on ${kind}: the job pauses, says so, and goes on; no user fails of it`,
    async () => {
      const genauth = await startTestEmulator({ extraUsers: USERS });
      const emails = gather(genauth);
      const way = await startTcpProxy(genauth.url);
      const gateway = await startGateway(genauth, await makeStore(kind), {
        GENAUTH_HOST: way.url,
        GENAUTH_TIMEOUT_MS: '2000',
        GENAUTH_MAX_RPS: '100',
        GENAUTH_BREAKER_FAILURES: '5',
      });
      const id = await kickAll(gateway, genauth, emails);
      await eventually(() => receivedKicks(genauth) >= 50);
      await way.cut();
      const cutAt = performance.now();
      const paused = await eventually(
        () => readJob(gateway, id),
        (job) => job.pausedReason !== null,
      );
      expect(paused).toMatchObject({ state: 'RUNNING', estimatedFinishAt: null });
      expect(paused.pausedReason).toContain('GenAuth has been failing');
      await eventually(() => performance.now() - cutAt > downMs, Boolean, 2 * downMs);
      expect(await readJob(gateway, id)).toMatchObject({ state: 'RUNNING', progress: { failed: 0 } });
      await way.mend();
      const job = await finishedJob(gateway, id);
      const { kicked, unknown } = job.progress;
      expect({ state: job.state, answered: kicked + unknown }).toEqual({ state: 'COMPLETED', answered: USERS });
      // Those whose connection was cut with the call on it: a few, and none that was still waiting.
      expect(unknown).toBeLessThan(USERS / 4);
      expect(job.pausedReason).toBeNull();
    },
    60_000 + 2 * downMs,
  );
}

export function describeDatabaseRestart(): void {
  it.each(['fast', 'immediate'] as const)(
    'PostgreSQL is restarted (%s) in the middle: every user is answered, nobody is kicked again who was answered',
    async (mode) => {
      const server = await startPostgres();
      atEnd(() => server.stop());
      const genauth = await startTestEmulator({ extraUsers: USERS });
      const emails = gather(genauth);
      const store = { url: await createDatabase(server.url), dataDir: '' };
      const gateway = await startGateway(genauth, store, { GENAUTH_TIMEOUT_MS: '1000', GENAUTH_MAX_RPS: '100' });
      const id = await kickAll(gateway, genauth, emails);
      await eventually(() => receivedKicks(genauth) >= 50);
      await server.restart(mode);
      const job = await eventually(
        () => readJob(gateway, id).catch(() => null),
        (found) => found !== null && found.finishedAt !== null,
        60_000,
      );
      const { kicked, unknown } = job.progress;
      expect({ state: job.state, answered: kicked + unknown }).toEqual({ state: 'COMPLETED', answered: USERS });
      // GenAuth has carried out each call, so reading back tells that, and nothing is sent again.
      expect(repeated(kicksOf(genauth))).toEqual([]);
      await gateway.kill();
    },
    90_000,
  );
}
