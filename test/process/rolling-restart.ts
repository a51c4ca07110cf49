/** Two gateways of one database, each restarted in its turn under steady load: nobody notices. */
import { eventually } from '../helpers/eventually';
import { execute, operation } from '../helpers/execute';
import { freePort } from '../helpers/free-port';
import type { Child } from '../helpers/processes';
import { makeProduction, spawnGateway, urlOf } from '../helpers/production-processes';
import { acceptedJob, finishedJob } from '../jobs/jobs';
import { SteadyClient } from './steady-client';

const GATEWAYS = 2;
/** Long enough for a balancer to notice. Milliseconds. */
const GRACE_MS = 1000;
const JOB_SIZE = 30;
/** Of one call to GenAuth. Milliseconds. */
const CALL_MS = 30;

interface TrailEvent {
  id: string;
  action: string;
  follows: string | null;
}

/** The whole audit trail. */
async function readTrail(app: { url: string; token: string }): Promise<TrailEvent[]> {
  const events: TrailEvent[] = [];
  for (let after: string | null = null, isMore = true; isMore;) {
    const { data } = await execute(app, operation('audit-events'), { first: 100, after });
    events.push(...data.auditEvents.edges.map(({ node }: { node: TrailEvent }) => node));
    ({ endCursor: after, hasNextPage: isMore } = data.auditEvents.pageInfo);
  }
  return events;
}

/** @param rounds in each of which each gateway is restarted once */
export async function restartInTurn(rounds: number): Promise<void> {
  const { genauth, env, token, input } = await makeProduction(
    { SHUTDOWN_GRACE_MS: String(GRACE_MS), RATE_LIMIT_PER_MINUTE: '1000000' },
    { extraUsers: JOB_SIZE },
  );
  // So that kicks and jobs are under way whenever a gateway is told to stop.
  genauth.faults.always({ kind: 'delay', ms: CALL_MS });
  const ports = await Promise.all(Array.from({ length: GATEWAYS }, freePort));
  const spawnAt = (index: number): Child => spawnGateway({ ...env, PORT: String(ports[index]) });
  const gateways = ports.map((_, index) => spawnAt(index));
  const urls = await Promise.all(gateways.map(urlOf));
  const client = new SteadyClient(urls, token, input);
  const load = client.run();
  const users = genauth.directory.users.slice(-JOB_SIZE).map(({ userId }) => userId);
  const jobs: string[] = [];

  for (let round = 0; round < rounds; round += 1) {
    for (const [index, url] of urls.entries()) {
      const job = { userIds: users, appIds: input.appIds };
      jobs.push(await acceptedJob({ ...(await client.next()), token }, job));
      gateways[index]!.signal('SIGTERM');
      expect(await gateways[index]!.exit).toBe(0);
      gateways[index] = spawnAt(index);
      await urlOf(gateways[index]);
      await eventually(() => client.isBack(url));
    }
  }
  const app = { ...(await client.next()), token };
  for (const id of jobs) {
    expect(await finishedJob(app, id)).toMatchObject({
      state: 'COMPLETED',
      progress: { total: JOB_SIZE, kicked: JOB_SIZE },
    });
  }
  client.stop();
  await load;

  const failed = client.answers.filter(({ answer }) => !isSuccess(answer));
  expect(failed).toEqual([]);
  for (const url of urls) expect(client.answers.some((answered) => answered.url === url)).toBe(true);
  const auditIds = client.answers.map(({ answer }) => (isSuccess(answer) ? answer.auditId : ''));
  expect(new Set(auditIds).size).toBe(client.answers.length);
  const lost = await eventually(
    async () => {
      const trail = await readTrail(app);
      const ids = new Set(trail.map(({ id }) => id));
      const followed = new Set(trail.map(({ follows }) => follows));
      return auditIds.filter((id) => !ids.has(id) || !followed.has(id));
    },
    ({ length }) => length === 0,
  );
  expect(lost).toEqual([]);
}

const isSuccess = (answer: unknown): answer is { auditId: string } =>
  typeof answer === 'object' && answer !== null && '__typename' in answer && answer.__typename === 'KickUsersSuccess';
