/** When a job says that it will be finished. The clock stands still, and no call is answered: what is left stays so. */
import { limitsOf } from '../../src/pace/limits';
import { execute, operation } from '../helpers/execute';
import { startTestApp, type TestApp } from '../helpers/start-app';
import { makeStore, openStore } from '../helpers/stores';
import { acceptedJob, readJob } from './jobs';

const MAX_RPS = 10;
const USERS = 20;
const apps = (count: number) => Array.from({ length: count }, (_, index) => `app-${index}`);

let app: TestApp;
let nowMs: number;
let callsForOneEach = 0;
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
  // The jobs of the rows before it go on, and of each as many users are called meanwhile as of this one.
  callsForOneEach += callsPerUser;
  const seconds = (USERS * callsForOneEach) / limitsOf(MAX_RPS).usable;
  expect((Date.parse(estimatedFinishAt) - nowMs) / 1000).toBeCloseTo(seconds, 2);
});

it('of a longer job beside it, counts as many users as it has; of a shorter one, all; of a cancelled one, none', async () => {
  const store = await openStore(await makeStore('embedded'));
  const environment = { GENAUTH_MAX_RPS: String(MAX_RPS), GENAUTH_TIMEOUT_MS: '60000' };
  const busy = await startTestApp(environment, undefined, store);
  busy.genauth.faults.always({ kind: 'never' });
  const start = (users: number) =>
    acceptedJob(busy, { userIds: Array.from({ length: users }, (_, index) => `u${index}`), appIds: apps(1) });
  const cancelled = await start(30);
  await execute(busy, operation('cancel-kick-job'), { id: cancelled });
  await start(200);
  await start(5);
  const { progress, estimatedFinishAt } = await readJob(busy, await start(USERS));
  expect(progress.pending).toBe(USERS);
  const seconds = (USERS + USERS + 5) / limitsOf(MAX_RPS).usable;
  expect((Date.parse(estimatedFinishAt) - nowMs) / 1000).toBeCloseTo(seconds, 2);
  await busy.genauth.stop();
});
