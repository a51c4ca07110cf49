/** What a line says when GenAuth's answers don't: it is read back, repeated once while that is harmless, or UNKNOWN. */
import type { Fault } from '../../src/emulator/fault';
import { eventually } from '../helpers/eventually';
import { startTestApp, type TestApp } from '../helpers/start-app';
import { acceptedJob, finishedJob, outcomesOf, run } from './jobs';

const KICK_USERS = '/api/v3/kick-users';
const CHECK_SESSION = '/api/v3/check-session-status';
const GET_USER = '/api/v3/get-user';
const HTML: Fault = { kind: 'html' };
/** A yes, but nothing happens. */
const IDLE_YES: Fault = { kind: 'envelope', statusCode: 200, message: 'ok', data: { success: true } };

let app: TestApp;
let email: string;
let appId: string;
beforeAll(async () => {
  app = await startTestApp({ GENAUTH_TIMEOUT_MS: '10000', GENAUTH_BREAKER_FAILURES: '0' });
  email = app.genauth.directory.users[3]!.ids.email;
  ({ appId } = app.genauth.directory.demoApp);
});
beforeEach(() => {
  const { directory, faults } = app.genauth;
  faults.clear();
  app.genauth.clearReceived();
  directory.signIn(directory.findUser('email', email)!.userId, appId);
});

async function outcomeOf(more: Record<string, unknown> = {}) {
  const options = { userIdType: 'EMAIL' };
  const job = await finishedJob(app, await acceptedJob(app, { userIds: [email], appIds: [appId], options, ...more }));
  expect(job.state).toBe('COMPLETED');
  return outcomesOf(job)[0];
}
const isOnline = () => {
  const { directory } = app.genauth;
  return directory.isOnline(directory.findUser('email', email)!.userId, appId);
};
const counts = () => [KICK_USERS, CHECK_SESSION, GET_USER].map((path) => app.genauth.receivedCount(path));

it.each<[string, Fault[], Record<string, unknown>, number[]]>([
  ['a clear yes is believed', [], { state: 'KICKED', attempts: 1 }, [1, 0, 0]],
  [
    'a clear no fails, and nothing is read',
    [{ kind: 'envelope', statusCode: 403, apiCode: 2333, message: 'no' }],
    { state: 'FAILED', code: 'REJECTED', message: 'no', attempts: 1 },
    [1, 0, 0],
  ],
  [
    'no clear answer, and the user is gone: KICKED',
    [{ ...HTML, afterEffect: true }],
    { state: 'KICKED', code: null, message: null, attempts: 1 },
    [1, 1, 1],
  ],
  ['no clear answer, and the user is still there: sent once more', [HTML], { state: 'KICKED', attempts: 2 }, [2, 1, 1]],
  [
    'no clear answer twice, and the user is still there: UNKNOWN, with the code of the first',
    [HTML, HTML],
    { state: 'UNKNOWN', code: 'UPSTREAM_INVALID_RESPONSE', attempts: 2 },
    [2, 2, 1],
  ],
  [
    'a connection lost after sending is tried again by the client',
    [{ kind: 'reset' }],
    { state: 'KICKED', attempts: 2 },
    [2, 0, 0],
  ],
  [
    'three connections lost after sending, the last one after its effect',
    [{ kind: 'reset' }, { kind: 'drop' }, { kind: 'reset', afterEffect: true }],
    { state: 'KICKED', attempts: 3 },
    [3, 1, 1],
  ],
  [
    '`success: false` is no clear no',
    [{ kind: 'envelope', statusCode: 200, message: 'hm', data: { success: false }, afterEffect: true }],
    { state: 'KICKED', attempts: 1 },
    [1, 1, 1],
  ],
  [
    'HTTP 429 is a clear no for now: sent again when its time has come',
    [{ kind: 'status', status: 429, headers: { 'retry-after': '1' } }],
    { state: 'KICKED', attempts: 2 },
    [2, 0, 0],
  ],
  [
    "GenAuth's text of any length, with characters that no database takes",
    [{ kind: 'envelope', statusCode: 403, message: `a\0b${'x'.repeat(5000)}` }],
    { state: 'FAILED', message: `a\uFFFDb${'x'.repeat(997)}` },
    [1, 0, 0],
  ],
])('%s', async (_name, faults, outcome, expected) => {
  for (const fault of faults) app.genauth.faults.next(fault);
  expect(await outcomeOf()).toMatchObject({ userId: email, verifiedOffline: null, ...outcome });
  expect(counts()).toEqual(expected);
  expect(isOnline()).toBe(outcome['state'] !== 'KICKED');
});

it('sent, unclear and not to be read: sent once more while that is harmless', async () => {
  app.genauth.faults.next(HTML);
  app.genauth.faults.always({ kind: 'envelope', statusCode: 500, message: 'broken' }, { path: CHECK_SESSION });
  expect(await outcomeOf()).toMatchObject({ state: 'KICKED', attempts: 2 });
});

it('a user who is gone from the pool when he is read back: FAILED, USER_NOT_FOUND', async () => {
  app.genauth.faults.next(HTML);
  app.genauth.faults.always({ kind: 'envelope', statusCode: 404, apiCode: 2004, message: 'gone' }, { path: GET_USER });
  expect(await outcomeOf()).toMatchObject({ state: 'FAILED', code: 'USER_NOT_FOUND', message: 'gone', attempts: 1 });
});

it('a 404 that says nothing of the user settles nothing: sent once more', async () => {
  app.genauth.faults.next(HTML);
  for (const path of [GET_USER, CHECK_SESSION]) {
    app.genauth.faults.always({ kind: 'envelope', statusCode: 404, message: 'Cannot find it' }, { path });
  }
  expect(await outcomeOf()).toMatchObject({ state: 'KICKED', attempts: 2 });
});

describe('verify', () => {
  it('reads each kicked user back', async () => {
    expect(await outcomeOf({ verify: true })).toMatchObject({ state: 'KICKED', verifiedOffline: true });
    expect(counts()).toEqual([1, 1, 1]);
  });

  it('asks for each app', async () => {
    const appIds = app.genauth.directory.apps.map((each) => each.appId);
    expect(await outcomeOf({ verify: true, appIds })).toMatchObject({ state: 'KICKED', verifiedOffline: true });
    expect(counts()).toEqual([1, appIds.length, 1]);
  });

  it('needs no lookup for GenAuth’s own ids', async () => {
    const { userId } = app.genauth.directory.findUser('email', email)!;
    expect(await outcomeOf({ verify: true, userIds: [userId], options: null })).toMatchObject({
      verifiedOffline: true,
    });
    expect(counts()).toEqual([1, 1, 0]);
  });

  it('fails a user who is still online at each of three reads', async () => {
    app.genauth.faults.next(IDLE_YES);
    expect(await outcomeOf({ verify: true })).toEqual({
      userId: email,
      state: 'FAILED',
      code: null,
      message: 'GenAuth confirmed the kick, but the user was still online at each of 3 reads.',
      attempts: 1,
      finishedAt: expect.any(String),
      verifiedOffline: false,
    });
    expect(counts().slice(0, 2)).toEqual([1, 3]);
  });

  it('of many apps goes on where it was when its time was up', async () => {
    const { directory } = app.genauth;
    const appIds = Array.from({ length: 30 }, (_, index) => `slow-app-${index}`);
    for (const each of appIds) directory.addApp({ appId: each, appIdentifier: each, appName: each });
    app.genauth.faults.always({ kind: 'delay', ms: 100 }, { path: CHECK_SESSION });
    expect(await outcomeOf({ verify: true, appIds })).toMatchObject({ state: 'KICKED', verifiedOffline: true });
    // More readings than fit into one turn, and each app once but for what was under way at its end.
    expect(app.genauth.receivedCount(CHECK_SESSION)).toBeGreaterThanOrEqual(30);
    expect(app.genauth.receivedCount(CHECK_SESSION)).toBeLessThan(40);
  });

  it('leaves the question open when it can not read', async () => {
    app.genauth.faults.always({ kind: 'envelope', statusCode: 403, message: 'no' }, { path: CHECK_SESSION });
    expect(await outcomeOf({ verify: true })).toMatchObject({
      state: 'KICKED',
      message: 'GenAuth confirmed the kick; reading it back failed.',
      verifiedOffline: null,
    });
  });
});

it('of several unclear calls for one user each is read back from its first app', async () => {
  const { directory, faults } = app.genauth;
  const { userId } = directory.findUser('email', email)!;
  const appIds = Array.from({ length: 120 }, (_, index) => `many-apps-${index}`);
  for (const each of appIds) directory.addApp({ appId: each, appIdentifier: each, appName: each });
  // Three apps of the first call are found offline before this one; in the second call only two come before it.
  directory.signIn(userId, 'many-apps-3');
  directory.signIn(userId, 'many-apps-52');
  for (const fault of [HTML, { kind: 'delay', ms: 1 }, HTML] satisfies Fault[]) faults.next(fault);
  expect(await outcomeOf({ appIds })).toMatchObject({ state: 'KICKED', attempts: 5 });
  expect(appIds.filter((each) => directory.isOnline(userId, each))).toEqual([]);
});

it('of many apps is not taken for gone before the last one was read, however many turns that takes', async () => {
  const { directory, faults } = app.genauth;
  const { userId } = directory.findUser('email', email)!;
  const appIds = Array.from({ length: 30 }, (_, index) => `slowly-read-${index}`);
  for (const each of appIds) directory.addApp({ appId: each, appIdentifier: each, appName: each });
  directory.signIn(userId, appIds.at(-1)!);
  faults.next(HTML);
  faults.always({ kind: 'delay', ms: 100 }, { path: CHECK_SESSION });
  expect(await outcomeOf({ appIds })).toMatchObject({ state: 'KICKED', attempts: 2 });
  expect(directory.isOnline(userId, appIds.at(-1)!)).toBe(false);
});

it('a user who turns out to be unknown when the call is repeated: FAILED, USER_NOT_FOUND', async () => {
  app.genauth.faults.next(HTML);
  app.genauth.faults.next({ kind: 'envelope', statusCode: 404, apiCode: 2004, message: 'gone' });
  // Seen online in between, as by a session that outlives its user.
  expect(await outcomeOf()).toMatchObject({ state: 'FAILED', code: 'USER_NOT_FOUND', message: 'gone', attempts: 2 });
});

it('a clear no to one call is told, though another one was in doubt and turned out well', async () => {
  const { directory, faults } = app.genauth;
  const appIds = Array.from({ length: 60 }, (_, index) => `no-then-doubt-${index}`);
  for (const each of appIds) directory.addApp({ appId: each, appIdentifier: each, appName: each });
  faults.next({ kind: 'envelope', statusCode: 403, message: 'no' });
  faults.next({ ...HTML, afterEffect: true });
  expect(await outcomeOf({ appIds })).toMatchObject({
    state: 'FAILED',
    code: 'REJECTED',
    message: 'no (1 of the 2 calls for this user succeeded)',
  });
});

it('a clear no goes before a doubt: one of three calls refused, one in doubt', async () => {
  const { directory, faults } = app.genauth;
  const { userId } = directory.findUser('email', email)!;
  const appIds = Array.from({ length: 120 }, (_, index) => `doubt-and-no-${index}`);
  for (const each of appIds) directory.addApp({ appId: each, appIdentifier: each, appName: each });
  directory.signIn(userId, 'doubt-and-no-0');
  // The first call and its repetition, and then the second one.
  for (const fault of [HTML, HTML, { kind: 'envelope', statusCode: 403, message: 'no' }] satisfies Fault[]) {
    faults.next(fault);
  }
  expect(await outcomeOf({ appIds })).toMatchObject({ state: 'FAILED' });
});

describe('what reading back settles is on record', () => {
  it.each<[string, Fault[], Fault[]]>([
    ['KICKED', [{ ...HTML, afterEffect: true }], []],
    ['UNKNOWN', [HTML, HTML], []],
    ['FAILED', [HTML], [{ kind: 'envelope', statusCode: 404, apiCode: 2004, message: 'gone' }]],
  ])('%s', async (outcome, kicks, lookups) => {
    for (const fault of kicks) app.genauth.faults.next(fault);
    for (const fault of lookups) app.genauth.faults.always(fault, { path: GET_USER });
    const options = { userIdType: 'EMAIL' };
    const jobId = await acceptedJob(app, { userIds: [email], appIds: [appId], options });
    const { edges } = await eventually(
      () => run(app, 'audit-events', { jobId }),
      (found) => JSON.stringify(found).includes('JOB_FINISHED'),
    );
    const events = edges.map(({ node }: { node: { action: string; details: unknown } }) => node);
    const resolved = events.filter(({ action }: { action: string }) => action === 'USER_RESOLVED');
    expect(resolved).toMatchObject([{ details: JSON.stringify({ outcome }) }]);
  });
});

it.each([
  ['alone says nothing of the other apps, which are called', {}, 2],
  ['and 2004 is of the user, so they are not called', { apiCode: 2004 }, 1],
])('a 404 to the first of two calls %s', async (_name, more, calls) => {
  const { directory, faults } = app.genauth;
  const appIds = Array.from({ length: 60 }, (_, index) => `two-calls-${index}`);
  for (const each of appIds) directory.addApp({ appId: each, appIdentifier: each, appName: each });
  faults.next({ kind: 'envelope', statusCode: 404, message: 'not found', ...more });
  expect(await outcomeOf({ appIds })).toMatchObject({ state: 'FAILED', code: 'USER_NOT_FOUND', attempts: calls });
  expect(app.genauth.receivedCount(KICK_USERS)).toBe(calls);
});
