/** Compiled operations over a schema with more kinds of input than ours: what runs, runs with what graphql-js makes of it. */
import fc from 'fast-check';
import { buildSchema, execute, getOperationAST, parse } from 'graphql';
import type { RequestContext } from '../../src/context';
import { compileOperation, type Variables } from '../../src/graphql/known/compile-operation';

const RUNS = 1000;

const schema = buildSchema(`
  enum E { A B }
  input Empty { a: Int, e: E = B }
  input I { a: Int = 7, e: E, f: Float, b: Boolean, s: String = "s", id: ID, empty: Empty, list: [Empty], must: [Int!], es: [E!] = [A] }
  type Query { q(i: I, empty: Empty, list: [Empty!], n: Int = 3, m: Int! = 4, e: E, ids: [ID!], grid: [[Int]]): String }
`);
const document = parse(`
  query Q($i: I, $empty: Empty, $list: [Empty!], $n: Int, $m: Int = 5, $e: E = A, $ids: [ID!], $grid: [[Int]]) {
    q(i: $i, empty: $empty, list: $list, n: $n, m: $m, e: $e, ids: $ids, grid: $grid)
  }
`);
let asked: unknown;
schema.getQueryType()!.getFields()['q']!.resolve = (_source, args: unknown) => {
  asked = args;
  return 'done';
};

const odd = fc.oneof(
  fc.constantFrom<unknown[]>(null, [], {}, [null], [[]], [{}], '', '1', 0, 1.5, 2 ** 31, 1e21, true, 'A', ['A'], { a: 1 }), // prettier-ignore
  fc.jsonValue({ maxDepth: 1 }),
);
const mostly = <T>(right: fc.Arbitrary<T>) => fc.oneof({ weight: 12, arbitrary: right }, { weight: 1, arbitrary: odd });
const some = (fields: Record<string, fc.Arbitrary<unknown>>) => fc.record(fields, { requiredKeys: [] });

const nullable = <T>(right: fc.Arbitrary<T>) => mostly(fc.option(right, { freq: 8 }));
const e = nullable(fc.constantFrom('A', 'B'));
const int = nullable(fc.integer());
const id = fc.oneof(fc.string(), fc.integer());
const empty = nullable(some({ a: int, e }));
const leaf = { a: int, e, f: nullable(fc.oneof(fc.double({ noNaN: true }), fc.nat())), b: nullable(fc.boolean()) };
const more = { s: nullable(fc.string()), id: nullable(id), empty, list: nullable(fc.array(empty, { maxLength: 2 })) };
const lists = { must: nullable(fc.array(fc.integer())), es: mostly(fc.array(fc.constantFrom('A', 'B'))) };
const input = nullable(some({ ...leaf, ...more, ...lists }));
const variables = some({
  ...{ i: input, empty, list: nullable(fc.array(some({ a: int }), { maxLength: 2 })), n: int, m: mostly(fc.integer()) },
  ...{ e, ids: nullable(fc.oneof(fc.array(id), id)), grid: nullable(fc.oneof(fc.array(fc.array(int)), fc.integer())) },
});

it('all kinds of variables', async () => {
  const run = await compileOperation(schema, document, getOperationAST(document)!);
  const seen = { ran: 0, left: 0 };
  await fc.assert(
    fc.asyncProperty(variables, async (given) => {
      // As it comes over the wire.
      const sent: Variables = JSON.parse(JSON.stringify(given));
      const result = await run!({} as RequestContext, sent);
      const compiled = asked;
      const expected = await execute({ schema, document, variableValues: sent });
      seen[result === null ? 'left' : 'ran'] += 1;
      if (result !== null) expect([result, compiled]).toEqual([expected, asked]);
      // Nothing is left to Apollo that could well be run, but for the sake of time.
      else expect(expected.errors).toBeDefined();
    }),
    { numRuns: RUNS },
  );
  expect(seen.ran).toBeGreaterThan(RUNS / 10);
  expect(seen.left).toBeGreaterThan(RUNS / 10);
});
