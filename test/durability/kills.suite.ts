/** `kill -9` at random points of a job, round after round on the same store. */
import { eventually } from '../helpers/eventually';
import { startGateway } from '../helpers/gateway-process';
import { startTestEmulator } from '../helpers/start-app';
import { makeStore, type StoreKind } from '../helpers/stores';
import { finishedJob } from '../jobs/jobs';
import { gather, kickAll, kicksOf, lookInto, receivedKicks, repeated } from './crowd';

const ENVIRONMENT = { GENAUTH_TIMEOUT_MS: '2000', GENAUTH_MAX_RPS: '400', GENAUTH_BREAKER_FAILURES: '0' };
const ROUND_MS = 60_000;

export function describeKills(kind: StoreKind, { rounds, users }: { rounds: number; users: number }): void {
  const name = `kill -9 at random points, ${rounds} rounds, on ${kind}: every user answered, only calls in flight repeated`;
  it(
    name,
    async () => {
      const genauth = await startTestEmulator({ extraUsers: users });
      const store = await makeStore(kind);
      let gateway = await startGateway(genauth, store, ENVIRONMENT);
      for (let round = 0; round < rounds; round++) {
        const emails = gather(genauth);
        // Killed while GenAuth has carried the calls in flight out, or while it has not.
        genauth.faults.always({ kind: Math.random() < 0.5 ? 'delay' : 'delay-after-effect', ms: 40 });
        const id = await kickAll(gateway, genauth, emails);
        const killedAfter = Math.floor(Math.random() * users * 0.9);
        await eventually(() => receivedKicks(genauth) >= killedAfter);
        await gateway.kill();
        const { inFlight, settled } = await lookInto(store, id);
        gateway = await startGateway(genauth, store, ENVIRONMENT);
        const job = await finishedJob(gateway, id, ROUND_MS);

        const kicks = kicksOf(genauth);
        const { kicked, unknown } = job.progress;
        const found = {
          round,
          killedAfter,
          state: job.state,
          answered: kicked + unknown,
          // Killed between the mark and the call, a user is UNKNOWN at worst.
          neverSent: emails.filter((email) => !kicks.has(email) && !inFlight.has(email)),
          repeatedThoughAnswered: repeated(kicks).filter((email) => settled.has(email) || !inFlight.has(email)),
        };
        const wanted = { state: 'COMPLETED', answered: users, neverSent: [], repeatedThoughAnswered: [] };
        expect(found).toEqual({ round, killedAfter, ...wanted });
        expect(unknown).toBeLessThanOrEqual(inFlight.size);
      }
      await gateway.kill();
    },
    rounds * ROUND_MS,
  );
}
