/** A job of the largest size: how much memory it takes, and how near it keeps to the pace that it may have. */
import { readFileSync } from 'node:fs';
import { eventually } from '../helpers/eventually';
import { startGateway } from '../helpers/gateway-process';
import { startTestEmulator } from '../helpers/start-app';
import { makeStore, type StoreKind } from '../helpers/stores';
import { finishedJob, readJob } from '../jobs/jobs';
import { gather, kickAll, receivedKicks } from './crowd';

const USERS = 10_000;
/** The default: at 400 a slow machine's embedded store was the bound, not the pace. */
const CALLS_PER_SECOND = 250;
const MAX_GROWTH_MIB = 64;
/** Of users divided by the cap, where the machine has time for that many calls. */
const MAX_SLOWNESS = 1.1;
/** A machine that is too busy for the small job may be so for the large one, and one that is not may come to be. */
const BUSY = 1.25;
/** The small one. */
const FIRST_USERS = 1000;

const residentMiB = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

export function describeBigJob(kind: StoreKind): void {
  const name = `${USERS} users on ${kind}: about users / cap, as the machine has time, in less than ${MAX_GROWTH_MIB} MiB more memory`;
  it(
    name,
    async () => {
      const genauth = await startTestEmulator({ extraUsers: USERS });
      const gateway = await startGateway(genauth, await makeStore(kind), {
        GENAUTH_MAX_RPS: String(CALLS_PER_SECOND),
        LOG_LEVEL: 'warn',
      });
      const emails = gather(genauth);
      // What the first job brings in, code above all, is no growth.
      const first = await finishedJob(gateway, await kickAll(gateway, genauth, emails.slice(0, FIRST_USERS)));
      gather(genauth);
      const before = residentMiB(gateway.pid);
      let most = before;
      const sampling = setInterval(() => (most = Math.max(most, residentMiB(gateway.pid))), 100);

      const id = await kickAll(gateway, genauth, emails);
      // As a person's page looks at it, not in a loop: that would be what is measured.
      const job = await eventually(
        () => readJob(gateway, id, { first: 1 }),
        ({ finishedAt }) => finishedAt !== null,
        120_000,
        500,
      );
      clearInterval(sampling);
      expect(job.progress).toMatchObject({ total: USERS, kicked: USERS });
      expect(receivedKicks(genauth)).toBe(USERS);

      const slownessOf = (
        { createdAt, finishedAt }: { createdAt: string; finishedAt: string },
        users: number,
      ): number => (Date.parse(finishedAt) - Date.parse(createdAt)) / 1000 / (users / CALLS_PER_SECOND);
      const machine = slownessOf(first, FIRST_USERS);
      const found = { growthMiB: Math.round(most - before), slowness: slownessOf(job, USERS), machine };
      process.stdout.write(`${name}: ${JSON.stringify(found)}\n`);
      expect(found.growthMiB).toBeLessThan(MAX_GROWTH_MIB);
      expect(found.slowness).toBeLessThan(Math.max(MAX_SLOWNESS, machine) * BUSY);
      await gateway.kill();
    },
    240_000,
  );
}
