/** Pages of a connection, on the lines of a job: what their cursors say, and which cursors are taken. */
import { execute } from '../helpers/execute';
import { startTestApp, type TestApp } from '../helpers/start-app';
import { acceptedJob } from '../jobs/jobs';

const PAGE = `query ($id: ID!, $first: Int!, $after: String) { kickJob(id: $id) { outcomes(first: $first, after: $after) {
  edges { cursor node { userId } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
} } }`;
const cursorOf = (position: string) => Buffer.from(position).toString('base64url');

let app: TestApp;
let id: string;
beforeAll(async () => {
  app = await startTestApp();
  id = await acceptedJob(app, { userIds: ['a', 'b', 'c', 'd', 'e'], appIds: [app.genauth.directory.demoApp.appId] });
});

interface Edge {
  cursor: string;
  node: { userId: string };
}
async function readPage(first: number, after: string | null) {
  const { status, data, errors } = await execute(app, PAGE, { id, first, after });
  const outcomes = data?.kickJob?.outcomes;
  const edges: Edge[] = outcomes?.edges ?? [];
  return { status, edges, pageInfo: outcomes?.pageInfo, code: errors?.[0]?.extensions['code'] };
}

it('each page tells its first and its last cursor, and whether there is more on either side', async () => {
  const told = [];
  let after: string | null = null;
  for (let page = 0; page < 3; page++) {
    const { edges, pageInfo } = await readPage(2, after);
    expect([pageInfo.startCursor, pageInfo.endCursor]).toEqual([edges[0]?.cursor, edges.at(-1)?.cursor]);
    told.push([edges.map(({ node }) => node.userId).join(''), pageInfo.hasPreviousPage, pageInfo.hasNextPage]);
    after = pageInfo.endCursor;
  }
  expect(told).toEqual([
    ['ab', false, true],
    ['cd', true, true],
    ['e', true, false],
  ]);
});

it('behind the largest line that there can be, a page is empty and has no cursors', async () => {
  const pageInfo = { hasNextPage: false, hasPreviousPage: true, startCursor: null, endCursor: null };
  expect(await readPage(2, cursorOf(String(2 ** 31 - 1)))).toEqual({
    status: 200,
    edges: [],
    pageInfo,
    code: undefined,
  });
});

// Of a larger one the database would say that it is no integer, and callers that something went wrong on our side.
it.each([String(2 ** 31), '9'.repeat(18), '9'.repeat(19), '-1', '1.5', ' 1', ''])(
  'the cursor of %j is none',
  async (position) => {
    expect(await readPage(2, cursorOf(position))).toMatchObject({ status: 400, code: 'BAD_USER_INPUT' });
  },
);

it.each([
  ['padding', (cursor: string) => `${cursor}==`],
  ['a line end', (cursor: string) => `${cursor}\n`],
  ['what is no base64', (cursor: string) => `!${cursor}`],
])('a cursor with %s is none', async (_name, change) => {
  const cursor = cursorOf('1');
  expect((await readPage(2, cursor)).status).toBe(200);
  expect(await readPage(2, change(cursor))).toMatchObject({ status: 400, code: 'BAD_USER_INPUT' });
});
