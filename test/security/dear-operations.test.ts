/** What an operation may cost, to the last field; and that one which was cheap once is counted again when it may not be now. */
import { buildSchema, getOperationAST, parse } from 'graphql';
import { findBrokenLimit } from '../../src/graphql/limits';
import { costOf } from '../../src/graphql/operation-cost';
import { countSelected } from '../../src/graphql/operation-shape';
import { createSchema } from '../../src/schema';
import { execute, operation } from '../helpers/execute';
import { serveSchema } from '../helpers/serve-schema';

const schema = buildSchema(`
  type Query { node(id: ID!): Node  nodes(first: Int! = 50): NodeConnection! }
  type Mutation { start(id: ID!): Node }
  type NodeConnection { edges: [NodeEdge!] }
  type NodeEdge { node: Node! }
  type Node { id: ID  name: String  nodes(first: Int! = 50): NodeConnection! }
`);
let app: { url: string };
beforeAll(async () => {
  const nodes = schema.getQueryType()?.getFields()['nodes'];
  if (nodes !== undefined) nodes.resolve = () => ({});
  app = await serveSchema(schema);
});

const answerTo = async (query: string, variables: Record<string, unknown> = {}) => {
  const { status, data, errors } = await execute(app, query, variables);
  return { status, hasData: data !== undefined, codes: errors?.map(({ extensions }) => extensions['code']) };
};
const RUNS = { status: 200, hasData: true, codes: undefined };
const refusedWith = (code: string) => ({ status: 400, hasData: false, codes: [code] });
const TOO_COMPLEX = refusedWith('OPERATION_TOO_COMPLEX');

describe('exactly at the bound an operation runs, and one more is refused:', () => {
  const page = (rest = '') => `{ nodes(first: 99) { edges { node { ${'id '.repeat(99)} } } } ${rest} }`;
  const spread = (rest = '') =>
    `{ node(id: "n") { ${'...F '.repeat(20)} ${'name '.repeat(19)} ${rest} } } fragment F on Node { ${'id '.repeat(99)} }`;
  const measured = (measure: typeof countSelected, text: string) => {
    const document = parse(text);
    return measure(document, getOperationAST(document)!);
  };
  const cost: typeof countSelected = (document, node) => costOf(schema, document, node, {});

  it.each([
    ['a cost of 10 000', 10_000, cost, page(), page('node(id: "n") { __typename }')],
    ['2000 fields with fragments in their places', 2000, countSelected, spread(), spread('name')],
  ])('%s', async (_name, bound, measure, most, more) => {
    expect([measured(measure, most), measured(measure, more)]).toEqual([bound, bound + 1]);
    expect(await answerTo(most)).toEqual(RUNS);
    expect(await answerTo(more)).toEqual(TOO_COMPLEX);
  });
});

describe('an operation that was harmless once is counted again where it depends on', () => {
  const ROWS = 'edges { node { nodes(first: 100) { edges { node { id } } } } }';
  it.each([
    ['what is skipped', `query ($no: Boolean!) { nodes(first: 100) @skip(if: $no) { ${ROWS} } }`, { no: true }, { no: false }], // prettier-ignore
    ['what is included', `query ($yes: Boolean!) { nodes(first: 100) @include(if: $yes) { ${ROWS} } }`, { yes: false }, { yes: true }], // prettier-ignore
    ['the length of a page', `query ($n: Int!) { nodes(first: $n) { ${ROWS} } }`, { n: 1 }, { n: 100 }],
    ['a length that may be left out', `query ($n: Int = 1) { nodes(first: $n) { ${ROWS} } }`, {}, { n: 100 }],
  ])('%s', async (_name, query, cheap, dear) => {
    expect(await answerTo(query, cheap)).toEqual(RUNS);
    expect(await answerTo(query, dear)).toEqual(TOO_COMPLEX);
  });

  it.each(['query', 'mutation'])(
    'a null in the place of an id, by a %s: it is refused before it runs',
    async (kind) => {
      const query = `${kind} ($id: ID = "n") { ${kind === 'query' ? 'node' : 'start'}(id: $id) { id } }`;
      expect(await answerTo(query)).toEqual(RUNS);
      expect(await answerTo(query, { id: null })).toEqual(refusedWith('BAD_USER_INPUT'));
    },
  );
});

it('an operation that was harmless once has its long variables looked at', () => {
  const document = parse(operation('kick-users'));
  const request = { schema: createSchema(), document, operation: getOperationAST(document)! };
  const good = { input: { userId: 'u', appIds: ['a'] } };
  const bad = { input: { ...good.input, canary: 'x'.repeat(20_000) } };
  expect(findBrokenLimit({ ...request, variables: good, bodyBytes: 200 })).toBeNull();
  expect(findBrokenLimit({ ...request, variables: bad, bodyBytes: 20_000 })).toMatchObject({
    message: 'Variable "$input" has no valid value.',
    extensions: { code: 'BAD_USER_INPUT', http: { status: 400 } },
  });
  expect(findBrokenLimit({ ...request, variables: good, bodyBytes: 20_000 })).toBeNull();
});
