/** Known operations that are refused, or meet a bug: answered, logged, counted and recorded as Apollo's are, once each. */
import { KickUsersResolver } from '../../src/kick/kick-users.resolver';
import { KickUsersService } from '../../src/kick/kick-users.service';
import { execute, operation } from '../helpers/execute';
import { startTestIssuer } from '../helpers/issuer';
import { scrape } from '../helpers/scrape';
import { startTestApp, type TestApp } from '../helpers/start-app';
import type { TestIssuer } from '../helpers/test-issuer';
import { expectAlike, learn } from './known';

const KICK = operation('kick-users');
const EVENTS = operation('audit-events');
const RECORDS =
  '{ auditEvents(first: 100) { edges { node { action actor issuer code details target { userId } reason } } } }';

let issuer: TestIssuer;
let app: TestApp;
let input: object;
beforeAll(async () => {
  issuer = await startTestIssuer('ES256');
  app = { ...(await startTestApp(issuer.environment)), token: await issuer.issue() };
  const { demoUser, demoApp } = app.genauth.directory;
  input = { userId: demoUser.userId, appIds: [demoApp.appId] };
  await learn(app, KICK, { input });
  await learn(app, EVENTS, { first: 1 });
});

const tokenOf = async (scope: string) => ({ authorization: `Bearer ${await issuer.issue({ scope })}` });

/** All records of an action. */
async function recordsOf(action: string): Promise<object[]> {
  const { data } = await execute(app, RECORDS);
  const nodes: { action: string }[] = data.auditEvents.edges.map(({ node }: { node: object }) => node);
  return nodes.filter((node) => node.action === action);
}

/** How often something was counted, before and after. */
async function countsOf(labels: { field: string; outcome: string }) {
  const { value } = await scrape(app);
  return {
    operations: value('kick_gateway_operations_total', labels) ?? 0,
    durations: value('kick_gateway_operation_duration_seconds_count', { field: labels.field }) ?? 0,
    refusals: value('kick_gateway_callers_refused_total', { code: 'FORBIDDEN' }) ?? 0,
  };
}

describe('a scope that the token lacks', () => {
  it.each<[string, string, string]>([
    ['kickUsers', 'kicks:read', 'users:kick'],
    ['auditEvents', 'users:kick', 'kicks:read'],
  ])('%s with %s, without %s', async (field, scope, missing) => {
    const headers = await tokenOf(scope);
    const counts = () => countsOf({ field, outcome: 'refused' });
    const [before, records] = [await counts(), await recordsOf('FORBIDDEN')];
    const [query, variables] = field === 'kickUsers' ? [KICK, { input }] : [EVENTS, { first: 1 }];
    const answer = await expectAlike(app, query, { variables }, { headers });
    expect(answer.status).toBe(403);
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="genauth-kick-gateway", error="insufficient_scope"');
    const [error] = JSON.parse(answer.text).errors;
    expect(error).toMatchObject({
      message: `The token lacks the scope ${missing}.`,
      extensions: { code: 'FORBIDDEN' },
    });
    expect(answer.logs).toEqual([expect.stringContaining('"errorCodes":["FORBIDDEN"]')]);

    const after = await counts();
    expect([after.operations - before.operations, after.refusals - before.refusals]).toEqual([2, 2]);
    const record = expect.objectContaining({ action: 'FORBIDDEN', code: 'FORBIDDEN', details: expect.anything() });
    const added = (await recordsOf('FORBIDDEN')).slice(0, -records.length || undefined);
    expect(added).toEqual([record, record]);
    expect(added[0]).toEqual(added[1]);
  });

  it.each<[string, string, () => object]>([
    ['kickUsers', KICK, () => ({ input })],
    ['auditEvents', EVENTS, () => ({ first: 1 })],
  ])('%s under another name is recorded by its own', async (field, text, variablesOf) => {
    const query = text.replace(`${field}(`, `c4nary: ${field}(`);
    const variables = variablesOf();
    await learn(app, query, variables);
    const before = await recordsOf('FORBIDDEN');
    const answer = await expectAlike(app, query, { variables }, { headers: await tokenOf('openid') });
    expect(JSON.parse(answer.text).errors).toMatchObject([{ path: ['c4nary'], extensions: { code: 'FORBIDDEN' } }]);
    const added = (await recordsOf('FORBIDDEN')).slice(0, -before.length || undefined);
    const record = expect.objectContaining({ details: JSON.stringify({ field }) });
    expect(added).toEqual([record, record]);
  });

  it('neither scope: no kick is made, and none recorded', async () => {
    const before = await recordsOf('KICK_REQUESTED');
    app.genauth.clearReceived();
    await expectAlike(app, KICK, { variables: { input } }, { headers: await tokenOf('openid') });
    expect([app.genauth.receivedCount(), await recordsOf('KICK_REQUESTED')]).toEqual([0, before]);
  });

  it('what is wrong with the variables is told before', async () => {
    const headers = await tokenOf('openid');
    const answer = await expectAlike(app, KICK, { variables: { input: 1 } }, { headers, way: 'Apollo’s' });
    expect(answer.status).toBe(400);
  });
});

describe('a bug', () => {
  const MASKED = 'Something went wrong on our side; the log knows it by the request id.';
  let spy: jest.SpyInstance;
  afterEach(() => spy.mockRestore());
  const isUnexpected = (line: string) => line.includes('"unexpected error"');

  it.each<[string, unknown]>([
    ['an error', new Error('c4nary')],
    ['an error of another kind, with a code', Object.assign(new TypeError('c4nary'), { code: 'EFOO' })],
    ['an error with extensions', Object.assign(new Error('c4nary'), { extensions: { more: 'c4nary' } })],
  ])('%s is masked, and logged once', async (_name, thrown) => {
    spy = jest.spyOn(KickUsersService.prototype, 'kick').mockRejectedValue(thrown);
    const counts = () => countsOf({ field: 'kickUsers', outcome: 'failed' });
    const before = await counts();
    const { status, text, logs } = await expectAlike(app, KICK, { variables: { input } });
    const after = await counts();
    expect(status).toBe(200);
    expect(JSON.parse(text)).toEqual({
      errors: [
        {
          message: MASKED,
          extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: 'ID' },
          path: ['kickUsers'],
          locations: [{ line: 4, column: 3 }],
        },
      ],
      data: null,
    });
    expect(logs.filter(isUnexpected)).toEqual([expect.stringContaining('c4nary')]);
    expect([after.operations - before.operations, after.durations - before.durations]).toEqual([2, 2]);
  });

  it.each<[string, () => jest.SpyInstance]>([
    ['no error at all', () => jest.spyOn(KickUsersService.prototype, 'kick').mockRejectedValue('c4nary')],
    ['nothing', () => jest.spyOn(KickUsersService.prototype, 'kick').mockRejectedValue(undefined)],
    ['null as a result', () => jest.spyOn(KickUsersResolver.prototype, 'kickUsers').mockResolvedValue(null as never)],
    [
      'an object that is no member of the union',
      () => jest.spyOn(KickUsersResolver.prototype, 'kickUsers').mockResolvedValue({} as never),
    ],
  ])('%s, thrown or answered, is masked, and logged once', async (_name, mock) => {
    spy = mock();
    const answer = await expectAlike(app, KICK, { variables: { input } });
    expect(answer.status).toBe(200);
    expect(answer.text).toContain(MASKED);
    expect(answer.logs.filter(isUnexpected)).toHaveLength(1);
  });
});

it('what went well is logged and counted alike', async () => {
  const counts = () => countsOf({ field: 'kickUsers', outcome: 'ok' });
  const before = await counts();
  const { logs } = await expectAlike(app, KICK, { variables: { input } });
  const after = await counts();
  expect([after.operations - before.operations, after.durations - before.durations]).toEqual([2, 2]);
  const line = JSON.parse(logs.at(-1) ?? '');
  expect(line).toMatchObject({ msg: 'operation', operation: 'KickUsers', type: 'mutation', httpStatus: 200 });
  expect(line).toMatchObject({ actor: '5f64afd1ad501364e3b43c1e', errorCodes: [], requestId: 'ID' });
});

it('a token that is none is refused alike', async () => {
  const headers = { authorization: 'Bearer none' };
  const { status } = await expectAlike(app, KICK, { variables: { input } }, { headers, way: 'any' });
  expect(status).toBe(401);
});
