/** Which operations become known, and which never do. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { getIntrospectionQuery, getOperationAST, parse } from 'graphql';
import { KnownOperations } from '../../src/graphql/known/known-operations';
import { operation } from '../helpers/execute';
import { startProduction } from '../helpers/production';
import { startTestApp, type TestApp } from '../helpers/start-app';
import { expectAlike, isKnown, learn } from './known';

const MANIFEST = path.join(__dirname, '..', 'generated', 'persisted-documents.json');
const VIEWER = operation('viewer');
let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});

const becomesKnown = async (query: string, variables: object = {}, at = app) => {
  await learn(at, query, variables);
  return isKnown(at, query, variables);
};

it('once by POST, and it is', async () => {
  const query = `${VIEWER}# once`;
  expect(await isKnown(app, query)).toBe(false);
  expect(await isKnown(app, query)).toBe(true);
});

it('spaces make another text', async () => {
  expect(await becomesKnown(VIEWER)).toBe(true);
  for (const text of [`${VIEWER} `, ` ${VIEWER}`, VIEWER.replaceAll('\n', '\r\n')]) expect(await isKnown(app, text)).toBe(false); // prettier-ignore
});

describe('never', () => {
  const many = { a: 'A', b: 'B', id: 'none', first: 1, is: true, input: {} };
  it.each<[string, string]>([
    ['two operations, one without a name', 'query Q { viewer { subject } } query R { viewer { issuer } }'],
    ['a subscription', operation('kick-job-progress')],
    ['what does not go well', 'query ($first: Int!) { kickJobs(first: $first, after: null) { edges { nothing } } }'],
    ['a syntax error', '{ viewer { subject } } }'],
  ])('%s', async (_name, query) => {
    expect(await becomesKnown(query, many)).toBe(false);
    await expectAlike(app, query, { variables: many }, { way: 'Apollo’s' });
  });

  it('one of several operations, by its name', async () => {
    const query = 'query Q { viewer { subject } } query R { viewer { issuer } }';
    const named = { query, operationName: 'R' };
    const headers = { 'content-type': 'application/json' };
    for (let time = 0; time < 2; time++) {
      await fetch(`${app.url}/graphql`, { method: 'POST', headers, body: JSON.stringify(named) });
    }
    await expectAlike(app, query, { operationName: 'R' }, { way: 'Apollo’s' });
    await expectAlike(app, query, { operationName: 'Q' }, { way: 'Apollo’s' });
  });

  it('by GET', async () => {
    const query = '{ viewer { issuer } }';
    const search = new URLSearchParams({ query }).toString();
    for (let time = 0; time < 2; time++) {
      const answer = await fetch(`${app.url}/graphql?${search}`, { headers: { 'apollo-require-preflight': '1' } });
      expect(answer.status).toBe(200);
    }
    expect(await isKnown(app, query)).toBe(false);
  });

  it('what goes wrong at times, while it does', async () => {
    const query = 'query ($first: Int!) { kickJobs(first: $first) { edges { cursor } } }';
    await learn(app, query, { first: 0 });
    expect(await isKnown(app, query, { first: 1 })).toBe(false);
    expect(await becomesKnown(query, { first: 1 })).toBe(true);
  });
});

it('what a variable leaves out of an object in the text has its default', async () => {
  const query = `mutation ($verify: Boolean, $key: ID!) { startKickJob(input: {
    userIds: ["u"], appIds: ["a"], reason: OTHER, idempotencyKey: $key, verify: $verify
  }) { __typename } }`;
  await learn(app, query, { verify: false, key: 'k' });
  const { text } = await expectAlike(app, query, { variables: { key: 'k' } });
  expect(text).toContain('StartKickJobSuccess');
});

it('names that are the prototype’s', async () => {
  const variables = { __proto__: 1 };
  for (const query of [
    '{ __proto__: viewer { constructor: subject } viewer { __proto__: issuer } }',
    'query ($__proto__: Int = 1) { kickJobs(first: $__proto__) { edges { cursor } } }',
  ]) {
    await learn(app, query, variables);
    await expectAlike(app, query, { variables });
  }
});

describe('production', () => {
  it('knows no introspection, and the rest as ever', async () => {
    const production = await startProduction();
    for (const query of [getIntrospectionQuery(), '{ __schema { queryType { name } } }']) {
      expect(await becomesKnown(query, {}, production)).toBe(false);
      const { status } = await expectAlike(production, query, {}, { way: 'Apollo’s' });
      expect(status).toBe(400);
    }
    expect(await becomesKnown(VIEWER, {}, production)).toBe(true);
    await expectAlike(production, VIEWER);
    const unknown = await expectAlike(production, VIEWER.replace('scopes', 'scope'), {}, { way: 'Apollo’s' });
    expect(unknown.text).not.toContain('Did you mean');
  });
});

describe('the list of operations', () => {
  const start = (mode: string) => startTestApp({ PERSISTED_OPERATIONS: mode, PERSISTED_OPERATIONS_FILE: MANIFEST });

  it('enforced: its members become known, others never', async () => {
    const listed = await start('enforce');
    expect(await becomesKnown('{ viewer { subject } }', {}, listed)).toBe(false);
    await expectAlike(listed, '{ viewer { subject } }', {}, { way: 'Apollo’s' });
    expect(await becomesKnown(VIEWER, {}, listed)).toBe(true);
    await expectAlike(listed, VIEWER);
    await expectAlike(listed, VIEWER, { operationName: 'Other' }, { way: 'Apollo’s' });
    const other = await expectAlike(listed, `${VIEWER} query Other { viewer { issuer } }`, {}, { way: 'Apollo’s' });
    expect(other.status).toBe(400);
  });

  it('enforced: one that was asked for by its hash is known by its text', async () => {
    const listed = await start('enforce');
    const manifest: Record<string, string> = JSON.parse(readFileSync(MANIFEST, 'utf8'));
    const [hash = '', text = ''] = Object.entries(manifest).find(([, document]) => document.includes('Viewer')) ?? [];
    const extensions = { persistedQuery: { version: 1, sha256Hash: hash.replace('sha256:', '') } };
    const headers = { 'content-type': 'application/json' };
    for (let time = 0; time < 2; time++) {
      await fetch(`${listed.url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ extensions }) });
    }
    await expectAlike(listed, text);
  });

  it('logged: what is not in it is told of once, known or not', async () => {
    const listed = await start('log');
    const query = '{ viewer { subject } }';
    expect(await becomesKnown(query, {}, listed)).toBe(true);
    await isKnown(listed, query);
    expect(listed.logs.filter(({ msg }) => msg === 'operation is not in the manifest')).toHaveLength(1);
  });
});

describe('bounds', () => {
  const note = (known: KnownOperations, text: string) => {
    const document = parse(text);
    known.note(text, document, getOperationAST(document)!);
  };
  const text = (n: number) => `query Q${n} { viewer { subject } }`;

  it('a hundred texts; the one that was asked for longest ago makes room', () => {
    const known = new KnownOperations();
    for (let n = 0; n < 100; n++) note(known, text(n));
    expect(known.find(text(0))).toMatchObject({ seen: { name: 'Q0', type: 'query', fields: ['viewer'] } });
    note(known, text(100));
    expect([0, 1, 2, 100].map((n) => known.find(text(n)) !== null)).toEqual([true, false, true, true]);
  });

  it('4 KiB', () => {
    const known = new KnownOperations();
    const [right, long] = [4096, 4097].map((length) => text(0).padEnd(length, '#')) as [string, string];
    note(known, right);
    note(known, long);
    expect([known.find(right), known.find(long)]).toEqual([expect.anything(), null]);
  });
});
