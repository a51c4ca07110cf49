/** Persisted operations with the manifest that codegen has really written from schema/operations. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ConfigError, parseConfig } from '../../src/config';
import { createFirstTimes } from '../../src/graphql/persisted-operations.plugin';
import { execute, operation } from '../helpers/execute';
import { startProduction, withToken } from '../helpers/production';
import { startTestApp, type TestApp } from '../helpers/start-app';

const MANIFEST = path.join(__dirname, '..', 'generated', 'persisted-documents.json');
const manifest: Record<string, string> = JSON.parse(readFileSync(MANIFEST, 'utf8'));
const named = (name: string) => {
  const [hash = '', text = ''] = Object.entries(manifest).find(([, document]) => document.includes(name)) ?? [];
  return { hash: hash.replace('sha256:', ''), text };
};
const VIEWER = named('query Viewer');
const KICK = named('mutation KickUsers');
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'manifest-'));
});
afterAll(() => rmSync(folder, { recursive: true }));
const write = (name: string, text: string) => {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  return file;
};

const start = (mode: string, more = {}) =>
  startTestApp({ PERSISTED_OPERATIONS: mode, PERSISTED_OPERATIONS_FILE: MANIFEST, ...more });

interface Sent {
  query?: string;
  hash?: unknown;
  version?: number;
  variables?: object;
}
async function send(app: { url: string; token?: string }, { query, hash, version = 1, variables }: Sent) {
  const extensions = hash === undefined ? undefined : { persistedQuery: { version, sha256Hash: hash } };
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ query, variables, extensions });
  const answer = await fetch(`${app.url}/graphql`, withToken(app, { method: 'POST', headers, body }));
  const { data, errors } = await answer.json();
  return { status: answer.status, data, code: errors?.[0]?.extensions.code };
}
const kickInput = ({ genauth: { directory } }: TestApp) => ({
  input: { userId: directory.demoUser.userId, appIds: [directory.demoApp.appId] },
});

const DEVELOPER = { viewer: { subject: 'developer', issuer: 'local', scopes: ['users:kick', 'kicks:read'] } };
const UNKNOWN = '{ viewer { subject } }';
const NOT_FOUND = { status: 200, data: undefined, code: 'PERSISTED_QUERY_NOT_FOUND' };
const NOT_IN_LIST = { status: 400, data: undefined, code: 'PERSISTED_QUERY_NOT_IN_LIST' };

it('the hashes of the manifest are of the very texts that it holds', () => {
  expect(Object.keys(manifest).length).toBeGreaterThanOrEqual(2);
  for (const [hash, text] of Object.entries(manifest)) expect(hash).toBe(`sha256:${sha256(text)}`);
});

describe('enforce', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await start('enforce');
  });
  beforeEach(() => app.genauth.clearReceived());

  it.each<[string, Sent]>([
    ['by its hash', { hash: VIEWER.hash }],
    ['by its hash as the manifest spells it', { hash: `sha256:${VIEWER.hash}` }],
    ['by its text', { query: VIEWER.text }],
    ['by its text with the hash of it', { query: VIEWER.text, hash: VIEWER.hash }],
    ['by the text in schema/operations', { query: operation('viewer') }],
    ['by its text laid out otherwise', { query: '# hello\nquery Viewer {\n\tviewer { scopes, subject, issuer }\n}' }],
    [
      'by its text laid out otherwise with the hash of that',
      { query: operation('viewer'), hash: sha256(operation('viewer')) },
    ],
  ])('an operation of the manifest runs %s', async (_name, sent) => {
    expect(await send(app, sent)).toEqual({ status: 200, data: DEVELOPER, code: undefined });
  });

  it.each([
    ['its hash', { hash: KICK.hash }],
    ['its text', { query: KICK.text }],
    ['the text in schema/operations', { query: operation('kick-users') }],
  ])('kicks by %s', async (_name, sent) => {
    const { data } = await send(app, { ...sent, variables: kickInput(app) });
    expect(data.kickUsers).toMatchObject({ __typename: 'KickUsersSuccess' });
  });

  it.each<[string, Sent]>([
    ['another selection', { query: UNKNOWN }],
    ['another name', { query: VIEWER.text.replace('Viewer', 'Spy') }],
    ['one field more', { query: VIEWER.text.replace('issuer', 'issuer __typename') }],
    ['an alias more', { query: VIEWER.text.replace('issuer', 'a: issuer') }],
    ['a directive more', { query: VIEWER.text.replace('issuer', 'issuer @skip(if: false)') }],
    ['one of the list and another', { query: `${VIEWER.text} query Spy { __typename }` }],
    [
      'a mutation of its own',
      { query: 'mutation { kickUsers(input: { userId: "u", appIds: ["a"] }) { __typename } }' },
    ],
    ['introspection', { query: '{ __schema { queryType { name } } }' }],
    ['the hash of what it sends', { query: UNKNOWN, hash: sha256(UNKNOWN) }],
    ['a field that the schema lacks, which is not told', { query: '{ canary }' }],
    ['a syntax error, which is not told', { query: '{ viewer {' }],
  ])('refuses %s', async (_name, sent) => {
    expect(await send(app, sent)).toEqual(NOT_IN_LIST);
    expect(app.genauth.receivedCount()).toBe(0);
  });

  it.each([sha256(UNKNOWN), `${VIEWER.hash} `, '__proto__', 'constructor', '', 7, null, {}, [VIEWER.hash]])(
    'knows no hash %j',
    async (hash) => {
      const { status, code } = await send(app, { hash });
      expect({ status, code }).toEqual(
        Array.isArray(hash) ? { status: 200, code: undefined } : { status: 200, code: 'PERSISTED_QUERY_NOT_FOUND' },
      );
    },
  );

  it('learns nothing: what was sent with its hash is still unknown by it', async () => {
    await send(app, { query: UNKNOWN, hash: sha256(UNKNOWN) });
    expect(await send(app, { hash: sha256(UNKNOWN) })).toEqual(NOT_FOUND);
  });

  it('refuses a hash of another text, and another version of the protocol', async () => {
    const refused = { status: 400, data: undefined, code: 'BAD_REQUEST' };
    expect(await send(app, { query: VIEWER.text, hash: KICK.hash })).toEqual(refused);
    expect(await send(app, { hash: VIEWER.hash, version: 2 })).toEqual(refused);
  });

  it('in production, introspection stays off even when the manifest has it', async () => {
    const query = '{ __schema { queryType { name } } }';
    const file = write('introspection.json', JSON.stringify({ [sha256(query)]: query }));
    const production = await startProduction({ PERSISTED_OPERATIONS: 'enforce', PERSISTED_OPERATIONS_FILE: file });
    expect(await send(production, { query })).toMatchObject({ status: 400, code: 'GRAPHQL_VALIDATION_FAILED' });
  });
});

describe('log', () => {
  it('lets unknown operations run, and tells of each once, by its hash and not by its text', async () => {
    const app = await start('log');
    const other = '{ viewer { issuer } }';
    for (const query of [UNKNOWN, UNKNOWN, VIEWER.text, operation('viewer'), other, UNKNOWN]) {
      expect(await send(app, { query })).toMatchObject({ status: 200, code: undefined });
    }
    const told = app.logs.filter(({ msg }) => msg === 'operation is not in the manifest');
    expect(told).toEqual([UNKNOWN, other].map((text) => expect.objectContaining({ level: 40, sha256: sha256(text), operation: null }))); // prettier-ignore
    expect(JSON.stringify(told)).not.toContain('viewer');
  });

  it.each([
    ['Unlisted', 'Unlisted'],
    ['anna_mueller_example_com', null],
    ['p4915112345678', null],
    [`Long${'x'.repeat(40)}`, null],
  ])('tells the name of one only if it can be nothing else: %s', async (name, told) => {
    const app = await start('log');
    const query = `query ${name} { viewer { subject } }`;
    expect(await send(app, { query })).toMatchObject({ status: 200, code: undefined });
    const lines = app.logs.filter(({ msg }) => msg === 'operation is not in the manifest');
    expect(lines).toEqual([expect.objectContaining({ sha256: sha256(query), operation: told })]);
    if (told === null) expect(JSON.stringify(app.logs)).not.toContain(name);
  });

  it('runs those of the manifest by their hashes, and learns no others', async () => {
    const app = await start('log');
    expect(await send(app, { hash: VIEWER.hash })).toMatchObject({ data: DEVELOPER });
    expect(await send(app, { query: UNKNOWN, hash: sha256(UNKNOWN) })).toMatchObject({ status: 200, code: undefined });
    expect(await send(app, { hash: sha256(UNKNOWN) })).toEqual(NOT_FOUND);
  });
});

it('off, no hash is known and every operation runs', async () => {
  const app = await startTestApp();
  expect(await send(app, { hash: VIEWER.hash })).toMatchObject({ status: 200, code: 'PERSISTED_QUERY_NOT_SUPPORTED' });
  expect((await execute(app, UNKNOWN)).data).toEqual({ viewer: { subject: 'developer' } });
});

it('remembers the last thousand texts that it has told of, and no more', () => {
  const isFirst = createFirstTimes();
  const texts = Array.from({ length: 1001 }, (_, i) => String(i));
  expect([isFirst('0'), isFirst('0')]).toEqual([true, false]);
  for (const text of texts) isFirst(text);
  expect([isFirst('1000'), isFirst('1'), isFirst('0')]).toEqual([false, false, true]);
});

describe('a manifest without the prefix', () => {
  it('works the same', async () => {
    const file = write('bare.json', JSON.stringify({ [VIEWER.hash]: VIEWER.text }));
    const app = await start('enforce', { PERSISTED_OPERATIONS_FILE: file });
    expect(await send(app, { hash: VIEWER.hash })).toMatchObject({ data: DEVELOPER });
    expect(await send(app, { query: KICK.text, variables: kickInput(app) })).toEqual(NOT_IN_LIST);
  });
});

describe('a start-up fault in one line is', () => {
  const faults = (file: string | undefined, mode = 'enforce', more = {}) => {
    try {
      parseConfig({ PERSISTED_OPERATIONS: mode, PERSISTED_OPERATIONS_FILE: file, ...more });
      return [];
    } catch (error) {
      if (error instanceof ConfigError) return error.faults;
      throw error;
    }
  };

  it.each([
    ['no file with log', () => faults(undefined, 'log'), 'is required when PERSISTED_OPERATIONS is log or enforce'],
    ['no file with enforce', () => faults(undefined), 'is required when PERSISTED_OPERATIONS is log or enforce'],
    ['a file that is not there', () => faults(path.join(folder, 'nothing')), 'cannot be read (ENOENT)'],
    ['a folder', () => faults(folder), 'cannot be read (EISDIR)'],
    ['a file that is not JSON', () => faults(write('a', 'canary')), 'is not JSON'],
    ['an empty file', () => faults(write('b', '')), 'is not JSON'],
    ['a list', () => faults(write('c', '["canary"]')), 'is not an object of hashes and documents'],
    ['null', () => faults(write('d', 'null')), 'is not an object of hashes and documents'],
    ['a manifest of nothing', () => faults(write('e', '{}')), 'holds no operation'],
    [
      'a document that is none',
      () => faults(write('f', '{"a":"canary {"}')),
      'holds something that is not a GraphQL document',
    ],
    [
      'a document that is no text',
      () => faults(write('g', '{"a":{"canary":1}}')),
      'holds something that is not a GraphQL document',
    ],
  ])('%s', (_name, report, fault) => {
    expect(report()).toEqual([`PERSISTED_OPERATIONS_FILE ${fault}`]);
  });

  it('another mode, and it comes with the other faults', () => {
    expect(faults(undefined, 'on', { PORT: 'x' })).toEqual([
      'PORT must be a whole number',
      'PERSISTED_OPERATIONS must be off, log or enforce',
    ]);
    expect(faults(folder, 'log', { PORT: 'x' })).toEqual([
      'PORT must be a whole number',
      'PERSISTED_OPERATIONS_FILE cannot be read (EISDIR)',
    ]);
  });

  it('not a file that is not used', () => {
    expect(faults(path.join(folder, 'nothing'), 'off')).toEqual([]);
  });
});
