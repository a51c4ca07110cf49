import { Readable } from 'node:stream';
import { ProgressEvents } from '../../src/jobs/progress-events';
import { OpenStreams } from '../../src/limits/open-streams';
import { eventually } from '../helpers/eventually';
import { kick } from '../helpers/execute';
import { startTestApp } from '../helpers/start-app';
import { acceptedJob } from '../jobs/jobs';
import { watchJob } from '../jobs/watch';

afterEach(() => jest.restoreAllMocks());

it('a thousand streams of one caller are open at most; others have theirs, and one that ends makes room', () => {
  const streams = new OpenStreams();
  const ends = Array.from({ length: 1000 }, () => streams.enter({ issuer: 'i', subject: 'a' }));
  expect(ends).not.toContain(null);
  expect(streams.enter({ issuer: 'i', subject: 'a' })).toBeNull();
  expect(streams.enter({ issuer: 'i', subject: 'b' })).not.toBeNull();
  expect(streams.enter({ issuer: 'j', subject: 'a' })).not.toBeNull();
  ends[0]!();
  ends[0]!();
  expect(streams.enter({ issuer: 'i', subject: 'a' })).not.toBeNull();
  expect(streams.enter({ issuer: 'i', subject: 'a' })).toBeNull();
});

/** A gateway with a job that goes on: nothing is sent while the key is refused. */
async function startLongJob() {
  const app = await startTestApp({ GENAUTH_ACCESS_KEY_SECRET: 'wrong' });
  const { appId } = app.genauth.directory.demoApp;
  await kick(app, { userId: 'nobody', appIds: [appId] });
  return { app, id: await acceptedJob(app, { userIds: ['u'], appIds: [appId] }) };
}

/** A thousand at once would be more than wait to be accepted by a process that has them all to make. */
async function watchTimes<Stream>(count: number, watch: () => Promise<Stream>): Promise<Stream[]> {
  const streams: Stream[] = [];
  while (streams.length < count) streams.push(...(await Promise.all(Array.from({ length: 100 }, watch))));
  return streams;
}

it('one stream more is answered 429, and is served when another one has ended', async () => {
  const { app, id } = await startLongJob();
  const streams = await watchTimes(1000, () => watchJob(app, id));
  expect(streams.filter(({ status }) => status === 200)).toHaveLength(1000);
  const refused = await watchJob(app, id);
  await refused.ended;
  expect(refused).toMatchObject({ status: 429, headers: { 'retry-after': '1' } });
  expect(JSON.parse(refused.text()).errors).toMatchObject([{ extensions: { code: 'TOO_MANY_STREAMS' } }]);
  streams[0]!.hangUp();
  await eventually(
    () => watchJob(app, id),
    ({ status }) => status === 200,
  );
});

it('streams that a bug keeps from beginning take up no room, and watch for nobody', async () => {
  const { app, id } = await startLongJob();
  const left = jest.spyOn(ProgressEvents.prototype, 'return');
  const broken = jest.spyOn(Readable, 'from').mockImplementation(() => {
    throw new Error('a bug');
  });
  const failed = await watchTimes(1000, () => watchJob(app, id));
  broken.mockRestore();
  expect(failed.filter(({ status }) => status === 500)).toHaveLength(1000);
  expect(new Set(left.mock.contexts).size).toBe(1000);
  expect((await watchJob(app, id)).status).toBe(200);
});
