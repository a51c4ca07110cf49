/** Apollo Client itself, with types and a manifest that codegen writes for it, against a gateway that runs nothing else. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { CombinedGraphQLErrors, gql } from '@apollo/client';
import { print } from 'graphql';
import type * as Generated from '../generated/graphql';
import { makeFolder } from '../helpers/deployment';
import { execute, operation } from '../helpers/execute';
import { generate } from '../helpers/generate';
import { startTestIssuer } from '../helpers/issuer';
import { ROOT, runProcess } from '../helpers/processes';
import { startTestApp, type TestApp } from '../helpers/start-app';
import { createClient } from './apollo-client';

// The same types: only the texts differ, by their `__typename`s.
let documents: typeof Generated;
let environment: Record<string, string>;
beforeAll(async () => {
  const folder = await generate('codegen.ts', readFileSync(path.join(__dirname, 'codegen.ts'), 'utf8'));
  documents = jest.requireActual(path.join(folder, 'graphql.ts'));
  // Joined with the gateway's own, as the README says.
  const cwd = makeFolder();
  symlinkSync(folder, path.join(cwd, 'front-end'));
  symlinkSync(path.join(ROOT, 'test'), path.join(cwd, 'test'));
  const joining =
    'jq --slurp add front-end/persisted-documents.json test/generated/persisted-documents.json > operations.json';
  const hasJq = spawnSync('jq', ['--version']).status === 0 || process.env['REQUIRE_POSTGRES'] !== undefined;
  if (hasJq) expect(await runProcess('bash', ['-c', joining], { cwd })).toMatchObject({ code: 0, stderr: '' });
  else {
    const lists = ['front-end', 'test/generated'].map((at) => path.join(cwd, at, 'persisted-documents.json'));
    const joined = Object.assign({}, ...lists.map((list) => JSON.parse(readFileSync(list, 'utf8'))));
    writeFileSync(path.join(cwd, 'operations.json'), JSON.stringify(joined));
  }
  environment = { PERSISTED_OPERATIONS: 'enforce', PERSISTED_OPERATIONS_FILE: path.join(cwd, 'operations.json') };
});

const sent = jest.spyOn(globalThis, 'fetch');
beforeEach(() => void sent.mockClear());
afterAll(() => sent.mockRestore());
const bodies = () => sent.mock.calls.map(([, init]) => JSON.parse(init?.body as string));

const kickAs = (app: TestApp, userId: string, token?: string) =>
  createClient(`${app.url}/graphql`, token).mutate({
    mutation: documents.KickUsersDocument,
    variables: { input: { userId, appIds: [app.genauth.directory.demoApp.appId] } },
  });

const failureOf = async (work: Promise<unknown>): Promise<unknown> => {
  const failure: unknown = await work.catch((error: unknown) => error);
  if (!CombinedGraphQLErrors.is(failure)) throw new Error(`No error of GraphQL's: ${String(failure)}`);
  return failure.errors.map(({ extensions }) => extensions?.['code']);
};

it('kicks by the hash alone, and gets both members of the union', async () => {
  const app = await startTestApp(environment);
  const { demoUser } = app.genauth.directory;
  expect((await kickAs(app, demoUser.userId)).data?.kickUsers).toMatchObject({ __typename: 'KickUsersSuccess' });
  const { data } = await kickAs(app, 'nobody');
  expect(data?.kickUsers).toMatchObject({ __typename: 'KickUsersError', code: 'USER_NOT_FOUND' });
  expect(bodies()).toHaveLength(2);
  for (const body of bodies()) {
    expect(body.query).toBeUndefined();
    expect(body.extensions.persistedQuery).toMatchObject({
      version: 1,
      sha256Hash: expect.stringMatching(/[0-9a-f]{64}$/),
    });
  }
});

it.each([
  ['kickUsers', '(input: { userId: "nobody", appIds: ["none"] })'],
  ['cancelKickJob', '(id: "nothing")'],
  ['startKickJob', '(input: { userIds: [], appIds: [], reason: OTHER, idempotencyKey: "a" })'],
])('gets what is asked for on the interface of all errors, and on the union, of %s as well', async (field, given) => {
  const app = await startTestApp();
  const mutation = gql(`mutation { ${field}${given} { ... on MutationError { code retryable } } }`);
  const { data } = await createClient(`${app.url}/graphql`).mutate<Record<string, unknown>>({ mutation });
  expect(data?.[field]).toMatchObject({ code: expect.any(String), retryable: false });
  // As components name what they need of an answer.
  const payload = field.replace(/^./, (letter) => letter.toUpperCase());
  const byFragment = gql(`mutation { ${field}${given} { ...${payload}Parts } }
    fragment ${payload}Parts on ${payload}Payload { ... on ${payload}Error { code retryable } }`);
  const { data: parts } = await createClient(`${app.url}/graphql`).mutate<Record<string, unknown>>({
    mutation: byFragment,
  });
  expect(parts?.[field]).toEqual(data?.[field]);
});

it('leaves the operations of schema/operations to those who send them by hand', async () => {
  const { data } = await execute(await startTestApp(environment), operation('viewer'));
  expect(data.viewer).toMatchObject({ subject: 'developer' });
});

it('starts a job and pages through its outcomes', async () => {
  const app = await startTestApp(environment);
  const { directory } = app.genauth;
  const client = createClient(`${app.url}/graphql`);
  const userIds = directory.users.slice(0, 3).map(({ userId }) => userId);
  const appIds = [directory.demoApp.appId];
  const input = { userIds, appIds, reason: 'OFFBOARDING' as const, idempotencyKey: 'one', verify: false };
  const { data } = await client.mutate({ mutation: documents.StartKickJobDocument, variables: { input } });
  if (data?.startKickJob.__typename !== 'StartKickJobSuccess') throw new Error(JSON.stringify(data));
  const { id } = data.startKickJob.job;
  const seen: string[] = [];
  for (let after: string | null = null, hasMore = true; hasMore;) {
    const page: Awaited<ReturnType<typeof read>> = await read(after);
    seen.push(...page.edges.map(({ node }) => node.userId));
    ({ endCursor: after, hasNextPage: hasMore } = page.pageInfo);
  }
  async function read(after: string | null) {
    const variables = { id, first: 2, after };
    const answer = await client.query({ query: documents.KickJobDocument, variables, fetchPolicy: 'network-only' });
    if (answer.data?.kickJob == null) throw new Error(JSON.stringify(answer));
    return answer.data.kickJob.outcomes;
  }
  expect(seen).toEqual(userIds);
});

it('tells an operation that is not in the list by its code, after it has sent the text', async () => {
  const app = await startTestApp(environment);
  // As a front end that was built after the gateway's list.
  const document = gql`
    query Stranger {
      viewer {
        subject
        __typename
      }
    }
  `;
  const hash = createHash('sha256').update(print(document)).digest('hex');
  const stranger = Object.assign(document, { __meta__: { hash } });
  const client = createClient(`${app.url}/graphql`);
  expect(await failureOf(client.query({ query: stranger }))).toEqual(['PERSISTED_QUERY_NOT_IN_LIST']);
  expect(bodies()).toHaveLength(2);
});

it('tells a missing token, and one without the scope, by their codes', async () => {
  const issuer = await startTestIssuer();
  const app = await startTestApp({ ...environment, ...issuer.environment });
  const { demoUser } = app.genauth.directory;
  expect(await failureOf(kickAs(app, demoUser.userId))).toEqual(['UNAUTHENTICATED']);
  const reader = await issuer.issue({ scope: 'kicks:read' });
  expect(await failureOf(kickAs(app, demoUser.userId, reader))).toEqual(['FORBIDDEN']);
  const kicker = await issuer.issue();
  expect((await kickAs(app, demoUser.userId, kicker)).data?.kickUsers.__typename).toBe('KickUsersSuccess');
});
