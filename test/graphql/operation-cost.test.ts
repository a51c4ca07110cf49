/** What operations cost, on a schema with the lists and pages that jobs and audit have. */
import { buildSchema, getIntrospectionQuery, GraphQLError, Kind, parse, type OperationDefinitionNode } from 'graphql';
import { costOf } from '../../src/graphql/operation-cost';

const schema = buildSchema(`
  type Query {
    me: User
    users: [User!]!
    tags: [String!]!
    jobs(first: Int! = 20, after: String): JobConnection!
    cheap: User
    either: Either
  }
  type Mutation { kick(id: ID): User  start(id: ID!): Job }
  union Either = User | Job
  type User { id: ID!  name: String }
  type Job { id: ID!  users: [User!]!  outcomes(first: Int! = 50): OutcomeConnection! }
  type JobConnection { edges: [JobEdge!]!  nodes: [Job!]!  pageInfo: PageInfo! }
  type JobEdge { cursor: String!  node: Job! }
  type OutcomeConnection { edges: [OutcomeEdge!]! }
  type OutcomeEdge { node: User! }
  type PageInfo { hasNextPage: Boolean! }
`);
const cheap = schema.getQueryType()?.getFields()['cheap'];
if (cheap !== undefined) cheap.extensions = { complexity: 7 };

function cost(text: string, variables: Record<string, unknown> = {}): number {
  const document = parse(text);
  const isOperation = (node: { kind: Kind }): node is OperationDefinitionNode =>
    node.kind === Kind.OPERATION_DEFINITION;
  const operation = document.definitions.find(isOperation);
  if (operation === undefined) throw new Error('no operation');
  return costOf(schema, document, operation, variables);
}

it.each<[number, string, string, Record<string, unknown>?]>([
  [0, 'what asks about the schema', '{ __typename __schema { types { name } } __type(name: "User") { name } }'],
  [0, 'the introspection of tools', getIntrospectionQuery()],
  [3, 'an object and its fields', '{ me { id name } }'],
  [5, 'the same fields twice', '{ me { id name id name } }'],
  [1, 'a list of texts', '{ tags }'],
  [21, 'a list of objects without a page', '{ users { id name } }'],
  [41, 'a page without a length, as the schema says', '{ jobs { nodes { id } } }'],
  [201, 'a page of 100', '{ jobs(first: 100) { nodes { id } } }'],
  [201, 'a page of 100 by a variable', 'query ($n: Int!) { jobs(first: $n) { nodes { id } } }', { n: 100 }],
  [11, 'a page of 5 by the default of a variable', 'query ($n: Int! = 5) { jobs(first: $n) { nodes { id } } }'],
  [201, 'a page that the field will refuse as too long', '{ jobs(first: 2000000000) { nodes { id } } }'],
  [1, 'a page of none', '{ jobs(first: 0) { nodes { id } } }'],
  [1, 'a page that the field will refuse as negative', '{ jobs(first: -100) { nodes { id } } }'],
  [30_301, 'pages in a page', '{ jobs(first: 100) { nodes { id outcomes(first: 100) { edges { node { id } } } } } }'],
  [6, 'a fragment wherever it is spread', '{ me { ...f } a: me { ...f } } fragment f on User { id name }'],
  [3, 'the dearest member of a union', '{ either { ... on User { id name } ... on Job { id } } }'],
  [9, 'a field that says its own cost', '{ cheap { id name } }'],
  [0, 'what is skipped', '{ me @skip(if: true) { id } }'],
  [3, 'what might have been skipped', 'query ($no: Boolean!) { me @skip(if: $no) { id name } }', { no: false }],
  [6001, 'a mutation', 'mutation { kick { id } }'],
  [12_002, 'a mutation twice', 'mutation { kick { id } kick { id } }'],
  [12_002, 'two mutations under other names', 'mutation { a: kick { id } b: kick { id } }'],
  [12_000, 'two mutations that answer nothing', 'mutation { a: kick { __typename } b: kick { __typename } }'],
])('%i: %s', (expected, _name, text, variables = {}) => {
  expect(cost(text, variables)).toBe(expected);
});

it.each([
  ['an argument that turns out null', 'mutation ($id: ID = "a") { start(id: $id) { id } }', { id: null }],
  ['a variable of another type', 'query ($n: Int!) { jobs(first: $n) { nodes { id } } }', { n: 'many' }],
])('%s has no cost', (_name, text, variables) => {
  expect(() => cost(text, variables)).toThrow(GraphQLError);
});

it('only the operation that runs counts, not its neighbours', () => {
  expect(cost('query A { me { id } } query B { jobs(first: 100) { nodes { id } } }')).toBe(2);
});
