import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { buildSchema, Kind, parse, stripIgnoredCharacters, validate, visit } from 'graphql';
import { demoOperation, SAMPLE_TARGET } from '../../src/demo';
import { printContract, SCHEMA_FILE } from '../../src/emit-schema';
import { operation } from '../helpers/execute';
import { findBreakingChanges } from './check-schema';

const contract = readFileSync(SCHEMA_FILE, 'utf8');
const schema = buildSchema(contract);

const DESCRIBED: ReadonlySet<string> = new Set([
  Kind.OBJECT_TYPE_DEFINITION,
  Kind.INTERFACE_TYPE_DEFINITION,
  Kind.UNION_TYPE_DEFINITION,
  Kind.INPUT_OBJECT_TYPE_DEFINITION,
  Kind.ENUM_TYPE_DEFINITION,
  Kind.SCALAR_TYPE_DEFINITION,
  Kind.FIELD_DEFINITION,
  Kind.INPUT_VALUE_DEFINITION,
  Kind.ENUM_VALUE_DEFINITION,
]);

/** Every element that can have a description, by its path of names. */
function elements(): [string, string | undefined][] {
  const names: string[] = [];
  const found: [string, string | undefined][] = [];
  visit(parse(contract), {
    enter: (node) => {
      if (!('description' in node) || !('name' in node) || !DESCRIBED.has(node.kind)) return;
      names.push(node.name?.value ?? '');
      found.push([names.join('.'), node.description?.value]);
    },
    leave: (node) => {
      if (DESCRIBED.has(node.kind)) names.pop();
    },
  });
  return found;
}

test('the committed schema is the one that the code makes; else run `npm run schema` and commit', () => {
  expect(printContract()).toBe(contract);
});

test.each(elements())('%s is described', (_coordinate, description) => {
  expect(description?.trim()).toBeTruthy();
});

test('a removed field is a breaking change, a new one is not', async () => {
  const before = 'type Query { a: Int b: Int }';
  expect(await findBreakingChanges(before, 'type Query { a: Int }')).toEqual([expect.stringContaining('Query')]);
  expect(await findBreakingChanges(before, 'type Query { a: Int b: Int c: Int }')).toEqual([]);
});

describe('the example operations', () => {
  const names = readdirSync(path.join(__dirname, '..', '..', 'schema', 'operations')).map(
    (file) => path.parse(file).name,
  );

  test.each(names)('%s fits the schema', (name) => {
    expect(validate(schema, parse(operation(name)))).toEqual([]);
  });

  test('kick-users is what start-up prints and Sandbox opens with', () => {
    const { document } = demoOperation(SAMPLE_TARGET);
    expect(stripIgnoredCharacters(document)).toBe(stripIgnoredCharacters(operation('kick-users')));
  });
});
