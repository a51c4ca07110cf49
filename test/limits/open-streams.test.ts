import { OpenStreams } from '../../src/limits/open-streams';
import { eventually } from '../helpers/eventually';
import { kick } from '../helpers/execute';
import { startTestApp } from '../helpers/start-app';
import { acceptedJob } from '../jobs/jobs';
import { watchJob } from '../jobs/watch';

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

it('one stream more is answered 429, and is served when another one has ended', async () => {
  const app = await startTestApp({ GENAUTH_ACCESS_KEY_SECRET: 'wrong' });
  const { appId } = app.genauth.directory.demoApp;
  // Nothing is sent while the key is refused, so the job goes on.
  await kick(app, { userId: 'nobody', appIds: [appId] });
  const id = await acceptedJob(app, { userIds: ['u'], appIds: [appId] });
  const streams = await Promise.all(Array.from({ length: 1000 }, () => watchJob(app, id)));
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
