/** The short way of known operations answers as Apollo does, to the letter; and the log tells the same. */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import type { Fault } from '../../src/emulator/fault';
import { KickJobService } from '../../src/jobs/kick-job.service';
import { operation } from '../helpers/execute';
import { startTestApp, type TestApp } from '../helpers/start-app';
import { acceptedJob, finishedJob, run } from '../jobs/jobs';
import { expectAlike, learn } from './known';

const OPERATIONS = path.join(__dirname, '..', '..', 'schema', 'operations');
const KICK = operation('kick-users');

let app: TestApp;
let target: { userId: string; appIds: string[] };
let jobId: string;
/** For each operation: variables that go well as often as they are sent. */
let good: Record<string, object>;

beforeAll(async () => {
  app = await startTestApp({ GENAUTH_BREAKER_FAILURES: '0' });
  const { demoUser, demoApp } = app.genauth.directory;
  target = { userId: demoUser.userId, appIds: [demoApp.appId] };
  const users = { userIds: [demoUser.userId, 'nobody'], appIds: [demoApp.appId] };
  jobId = await acceptedJob(app, users);
  await finishedJob(app, jobId);
  const job = { ...users, reason: 'OTHER', idempotencyKey: 'known', verify: false };
  good = {
    'audit-events': { first: 5, jobId },
    'cancel-kick-job': { id: jobId },
    'kick-job': { id: jobId, first: 5 },
    'kick-jobs': { first: 1, after: null },
    'kick-users': { input: { ...target, options: { userIdType: 'USER_ID' }, reason: 'OTHER', ticket: 'INC-1' } },
    'retry-kick-job': { id: jobId, idempotencyKey: 'known again' },
    'start-kick-job': { input: job },
    viewer: {},
  };
  for (const [name, variables] of Object.entries(good)) await learn(app, operation(name), variables);
  for (const name of ['start-kick-job', 'retry-kick-job']) {
    const payload = await run(app, name, { ...good[name] });
    await finishedJob(app, payload.job.id);
  }
});
afterEach(() => app.genauth.faults.clear());

const kickAlike = (input: object, way?: 'Apollo’s') =>
  expectAlike(app, KICK, { variables: { input: { ...target, ...input } } }, way && { way });

it('every operation that front ends are given', async () => {
  const names = readdirSync(OPERATIONS).map((file) => file.replace('.graphql', ''));
  expect(Object.keys(good).toSorted()).toEqual(names.filter((name) => name !== 'kick-job-progress').toSorted());
  for (const [name, variables] of Object.entries(good)) {
    const { status, text } = await expectAlike(app, operation(name), { variables });
    expect([status, text]).toEqual([200, expect.stringMatching(/^\{"data":\{.+\}\}\n$/)]);
  }
});

it('a job that is cancelled', async () => {
  const cancel = jest.spyOn(KickJobService.prototype, 'cancel').mockImplementation(async (job) => job);
  const { text } = await expectAlike(app, operation('cancel-kick-job'), { variables: { id: jobId } });
  cancel.mockRestore();
  expect(text).toContain('CancelKickJobSuccess');
});

describe('payloads that are errors', () => {
  it.each<[string, object]>([
    ['a blank id', { userId: ' ' }],
    ['no apps', { appIds: [] }],
    ['an app twice, and an e-mail that is none', { appIds: ['a', 'a'], options: { userIdType: 'EMAIL' } }],
    ['fifty-one apps', { appIds: Array.from({ length: 51 }, (_, i) => `app-${i}`) }],
    ['a ticket that is too long', { ticket: 'x'.repeat(201) }],
    ['an unknown user', { userId: 'nobody' }],
    ['an unknown app', { appIds: ['unknown'] }],
  ])('%s', async (_name, input) => {
    const { text } = await kickAlike(input);
    expect(text).toContain('KickUsersError');
  });

  it.each<Fault>([
    { kind: 'envelope', statusCode: 403, apiCode: 1575, message: 'no', requestId: 'r-1' },
    { kind: 'envelope', statusCode: 401, apiCode: 1300, requestId: 'r-1' },
    { kind: 'status', status: 400 },
    { kind: 'html' },
    { kind: 'http', status: 200, body: { statusCode: 200, message: 'm', data: { success: false }, requestId: 'r-1' } },
    { kind: 'truncated' },
  ])('%j', async (fault) => {
    app.genauth.faults.always(fault);
    const { text } = await kickAlike({});
    expect(text).toContain('KickUsersError');
  });

  it.each<[string, object]>([
    ['cancel-kick-job', { id: 'none' }],
    ['retry-kick-job', { id: 'none', idempotencyKey: 'k' }],
    ['retry-kick-job', { id: 'none', idempotencyKey: ' ' }],
  ])('%s of %j', async (name, variables) => {
    const { text } = await expectAlike(app, operation(name), { variables });
    expect(text).toContain('Error');
  });

  it('a key that was used for another job', async () => {
    const input = { ...target, userIds: ['other'], reason: 'OTHER', idempotencyKey: 'known', verify: true };
    const { userId: _, ...another } = input;
    const { text } = await expectAlike(app, operation('start-kick-job'), { variables: { input: another } });
    expect(text).toContain('IDEMPOTENCY_CONFLICT');
  });
});

describe('answers that are null, or errors that were meant', () => {
  it('no job', async () => {
    const { text } = await expectAlike(app, operation('kick-job'), { variables: { id: 'none', first: 1 } });
    expect(text).toBe('{"data":{"kickJob":null}}\n');
  });

  it.each<[string, object]>([
    ['kick-jobs', { first: 0 }],
    ['kick-jobs', { first: 101 }],
    ['kick-jobs', { first: 1, after: 'none' }],
    ['audit-events', { first: -1 }],
    ['audit-events', { first: 1, after: '' }],
  ])('%s of a page that is none: %j', async (name, page) => {
    const variables = { ...good[name], ...page };
    const { status } = await expectAlike(app, operation(name), { variables });
    expect(status).toBe(400);
  });

  it.each([{ first: 0 }, { first: 1, after: 'none' }])('a job with a page that is none: %j', async (page) => {
    const variables = { ...good['kick-job'], ...page };
    // Refused before it runs, as all that asks for too much is.
    const { status } = await expectAlike(app, operation('kick-job'), { variables }, { way: 'Apollo’s' });
    expect(status).toBe(400);
  });
});

it.each<[string, () => object]>([
  ['audit-events', () => ({ jobId })],
  ['kick-jobs', () => ({})],
  ['kick-job', () => ({ id: jobId })],
  ['kick-users', () => ({ input: { ...target, options: {} } })],
  ['start-kick-job', () => ({ input: { userIds: [], appIds: [], reason: 'OTHER', idempotencyKey: 'known' } })],
])('%s with nothing said where there is a default', async (name, variables) => {
  const { status } = await expectAlike(app, operation(name), { variables: variables() });
  expect(status).toBe(200);
});

describe('texts of other forms', () => {
  it.each<[string, string]>([
    ['without a name', '{ viewer { subject } }'],
    ['aliases', '{ constructor: viewer { b: subject a: issuer } then: viewer { scopes toString: scopes __typename } }'],
    ['fields that are named again', '{ viewer { issuer } ...F viewer { subject issuer } } fragment F on Query { viewer { scopes } }'], // prettier-ignore
    ['several root fields', '{ __typename viewer { issuer } kickJobs(first: 1) { edges { node { id state } } } }'],
    ['nothing but the name of the type', 'mutation { __typename }'],
    ['about the schema', '{ __schema { types { name kind fields(includeDeprecated: true) { name args { name defaultValue } } } } }'], // prettier-ignore
    [
      'directives',
      '{ viewer { subject issuer @skip(if: true) ...F @include(if: true) } } fragment F on Viewer { scopes }',
    ],
    ['a string in the text', '{ auditEvents(first: 2, actor: "nobody") { edges { node { action } } } }'],
    ['pages written as numbers', '{ auditEvents(first: 2) { edges { node { action target { userId } } } } }'],
  ])('%s', async (_name, query) => {
    await learn(app, query);
    const { status, text } = await expectAlike(app, query);
    expect([status, text]).toEqual([200, expect.not.stringContaining('"errors"')]);
  });

  it('fragments on an interface, and types of a union in another order', async () => {
    const query = `mutation M($input: KickUsersInput!) {
      kickUsers(input: $input) { ...E ... on KickUsersSuccess { auditId success } __typename ... on MutationError { code retryable } }
    } fragment E on MutationError { message ... on KickUsersError { fieldErrors { path message } mayHaveTakenEffect } }`;
    await learn(app, query, { input: target });
    await expectAlike(app, query, { variables: { input: target } });
    await expectAlike(app, query, { variables: { input: { ...target, appIds: ['', ''] } } });
  });

  it('several errors below one null', async () => {
    const page = 'kickJobs(after: $after) { edges { cursor } }';
    const query = `query Q($after: String) { a: ${page} viewer { subject } b: ${page} }`;
    await learn(app, query);
    await expectAlike(app, query, { variables: {} });
    const bad = { variables: { after: 'none' } };
    const { status } = await expectAlike(app, query, bad);
    expect(status).toBe(400);
  });
});
