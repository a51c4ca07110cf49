/** When a job says that it will be finished. The clock stands still, and no call is answered: what is left stays so. */
import { limitsOf } from '../../src/pace/limits';
import { startTestApp, type TestApp } from '../helpers/start-app';
import { acceptedJob, readJob } from './jobs';

const MAX_RPS = 10;
const USERS = 20;
const apps = (count: number) => Array.from({ length: count }, (_, index) => `app-${index}`);

let app: TestApp;
let nowMs: number;
beforeAll(async () => {
  app = await startTestApp({ GENAUTH_MAX_RPS: String(MAX_RPS), GENAUTH_TIMEOUT_MS: '60000' });
  app.genauth.faults.always({ kind: 'never' });
  nowMs = Date.now();
  jest.spyOn(Date, 'now').mockImplementation(() => nowMs);
});
afterAll(async () => {
  jest.restoreAllMocks();
  // Or the gateway would wait for the answers.
  await app.genauth.stop();
});

it.each<[string, number, object]>([
  ['one call a user', 1, { appIds: apps(1) }],
  ['another for each fifty apps', 2, { appIds: apps(51) }],
  ['reading back each app', 1 + 3, { appIds: apps(3), verify: true }],
  ['and finding the user by another id', 2 + 51 + 1, { appIds: apps(51), verify: true, options: { userIdType: 'EMAIL' } }], // prettier-ignore
])('counts %s', async (_name, callsPerUser, input) => {
  const userIds = Array.from({ length: USERS }, (_, index) => `stranger-${index}@example.com`);
  const { progress, estimatedFinishAt } = await readJob(app, await acceptedJob(app, { userIds, ...input }));
  expect(progress.pending).toBe(USERS);
  const seconds = (USERS * callsPerUser) / limitsOf(MAX_RPS).usable;
  expect((Date.parse(estimatedFinishAt) - nowMs) / 1000).toBeCloseTo(seconds, 2);
});
