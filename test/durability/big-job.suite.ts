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
/** Of users divided by the cap. */
const MAX_SLOWNESS = 1.1;

const residentMiB = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

export function describeBigJob(kind: StoreKind): void {
  const name = `${USERS} users on ${kind}: within 10 % of users / cap, in less than ${MAX_GROWTH_MIB} MiB more memory`;
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
      await finishedJob(gateway, await kickAll(gateway, genauth, emails.slice(0, 1000)));
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

      const seconds = (Date.parse(job.finishedAt) - Date.parse(job.createdAt)) / 1000;
      const found = { growthMiB: Math.round(most - before), slowness: seconds / (USERS / CALLS_PER_SECOND) };
      process.stdout.write(`${name}: ${JSON.stringify(found)}\n`);
      expect(found.growthMiB).toBeLessThan(MAX_GROWTH_MIB);
      expect(found.slowness).toBeLessThan(MAX_SLOWNESS);
      await gateway.kill();
    },
    240_000,
  );
}
