/** What the trail says of how long a job's kick took: from its request, not from when it began to wait for its turn. */
import { execute } from '../helpers/execute';
import { startTestApp } from '../helpers/start-app';
import { acceptedJob, finishedJob } from '../jobs/jobs';

interface Recorded {
  id: string;
  time: string;
  follows: string | null;
  durationMs: number | null;
}

it('is the time between the two records', async () => {
  const app = await startTestApp({ GENAUTH_MAX_RPS: '2' });
  const userIds = ['a', 'b', 'c', 'd', 'e', 'f'];
  const id = await acceptedJob(app, { userIds, appIds: [app.genauth.directory.demoApp.appId] });
  await finishedJob(app, id);
  const query = '{ auditEvents(first: 100) { edges { node { id time follows durationMs } } } }';
  const { data } = await execute(app, query);
  const records: Recorded[] = data.auditEvents.edges.map(({ node }: { node: Recorded }) => node);
  const timeOf = (wanted: string | null) => Date.parse(records.find((record) => record.id === wanted)?.time ?? '');
  const outcomes = records.filter(({ follows }) => follows !== null);
  expect(outcomes).toHaveLength(userIds.length);
  for (const { time, follows, durationMs } of outcomes) {
    // A request's time is of before it is written, and the duration of after that; each is rounded.
    expect(durationMs).toBeLessThanOrEqual(Date.parse(time) - timeOf(follows) + 2);
  }
});
