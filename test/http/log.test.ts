/** What the log says of a kick, and what it never says. */
import { eventually } from '../helpers/eventually';
import { execute, operation } from '../helpers/execute';
import { startTestApp, type TestApp } from '../helpers/start-app';
import type { Fault } from '../../src/emulator/fault';

const UNAVAILABLE: Fault = { kind: 'status', status: 503 };

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
beforeEach(() => app.genauth.clearReceived());

async function kickByEmail(requestId: string, userId: string) {
  const { demoApp } = app.genauth.directory;
  const input = { userId, appIds: [demoApp.appId], options: { userIdType: 'EMAIL' } };
  await execute(app, operation('kick-users'), { input }, { headers: { 'x-request-id': requestId } });
  const records = app.logs.filter((record) => record['requestId'] === requestId);
  const saying = (msg: string) => records.filter((record) => record['msg'] === msg);
  return { records, operations: saying('operation'), attempts: saying('genauth attempt') };
}

it.each<[string, Fault[], (number | null)[]]>([
  ['a kick that succeeds', [], [200]],
  ['a kick that needs three attempts', [UNAVAILABLE, { kind: 'reset' }], [503, null, 200]],
  ['a kick that fails', [UNAVAILABLE, UNAVAILABLE, UNAVAILABLE], [503, 503, 503]],
  ['a kick that is refused', [{ kind: 'envelope', statusCode: 403, apiCode: 2333 }], [200]],
])('%s has one line, and one for each attempt upstream', async (name, faults, statuses) => {
  for (const fault of faults) app.genauth.faults.next(fault);
  const requestId = name.replaceAll(' ', '-');
  const { operations, attempts } = await kickByEmail(requestId, app.genauth.directory.demoUser.ids.email);
  expect(operations).toEqual([
    expect.objectContaining({
      operation: 'KickUsers',
      type: 'mutation',
      actor: 'developer',
      httpStatus: 200,
      errorCodes: [],
      durationMs: expect.any(Number),
    }),
  ]);
  expect(attempts).toEqual(
    statuses.map((httpStatus, index) =>
      expect.objectContaining({
        method: 'POST',
        path: '/api/v3/kick-users',
        attempt: index + 1,
        httpStatus,
        durationMs: expect.any(Number),
      }),
    ),
  );
});

it('an operation that is refused has one line with the codes, and none upstream', async () => {
  await execute(app, 'query Canary { nothing }', {}, { headers: { 'x-request-id': 'invalid' } });
  const records = app.logs.filter((record) => record['requestId'] === 'invalid');
  expect(records).toEqual([
    expect.objectContaining({ msg: 'operation', httpStatus: 400, errorCodes: ['GRAPHQL_VALIDATION_FAILED'] }),
  ]);
});

it('the same user has the same mark in every line, another user another one', async () => {
  const [user, other] = app.genauth.directory.users;
  const marksOf = async (requestId: string, email = '') => {
    const { records } = await kickByEmail(requestId, email);
    return new Set(records.flatMap((record) => record['user'] ?? []));
  };
  const first = await marksOf('mark-1', user?.ids.email);
  expect(first.size).toBe(1);
  expect(await marksOf('mark-2', user?.ids.email)).toEqual(first);
  expect(await marksOf('mark-3', other?.ids.email)).not.toEqual(first);
});

it('no line holds the id of a user, the access key, the secret or a signature', async () => {
  const { genauth } = app;
  const { ids } = genauth.directory.demoUser;
  for (const fault of [undefined, UNAVAILABLE, { kind: 'envelope', statusCode: 401, apiCode: 1300 } as const]) {
    if (fault !== undefined) genauth.faults.next(fault);
    await kickByEmail('secrets', ids.email);
  }
  await kickByEmail('secrets', 'nobody@example.com');
  await kickByEmail('secrets', 'not an e-mail');
  await eventually(() => app.logs.filter(({ msg }) => msg === 'GenAuth refuses our key').length === 1);
  const authorizations = genauth.received.map(({ headers }) => String(headers['authorization']));
  const signatures = authorizations.map((authorization) => authorization.split(':').at(-1) ?? '');
  expect(signatures.length).toBeGreaterThanOrEqual(5);
  const text = JSON.stringify(app.logs);
  const secrets = [ids.email, 'nobody@example.com', 'not an e-mail', genauth.accessKeyId, genauth.accessKeySecret];
  for (const secret of [...secrets, ...authorizations, ...signatures]) {
    expect(secret.length).toBeGreaterThan(8);
    expect(text).not.toContain(secret);
  }
});
