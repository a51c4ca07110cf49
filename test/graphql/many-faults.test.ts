/** Input with more faults than anybody wants to be told: looking at it must not take longer than there is of it. */
import { validateSync } from 'class-validator';
import { getOperationAST, parse } from 'graphql';
import type { InvalidInputError } from '../../src/errors';
import { findBrokenLimit } from '../../src/graphql/limits';
import { EachObeys } from '../../src/graphql/obeys';
import { validateInput } from '../../src/graphql/validate-input';
import { describeBadVariables } from '../../src/graphql/variable-errors';
import { createSchema } from '../../src/schema';
import { execute, operation } from '../helpers/execute';
import { startTestApp, type TestApp } from '../helpers/start-app';

const MANY = 2000;
const unknownFields = () => Object.fromEntries(Array.from({ length: MANY }, (_, index) => [`canary${index}`, 0]));

describe('variables with thousands of unknown fields', () => {
  const schema = createSchema();
  const document = parse(operation('kick-users'));
  const definitions = getOperationAST(document)!.variableDefinitions!;

  /** graphql-js asks a value how it is to be printed: each time that it prints the whole of it. */
  function counted() {
    let prints = 0;
    const input = Object.defineProperty({ userId: 'u', appIds: ['a'], ...unknownFields() }, 'toJSON', {
      enumerable: false,
      value: () => {
        prints++;
        return 'printed';
      },
    });
    return { input, prints: () => prints };
  }

  it('are not printed once for each', () => {
    const { input, prints } = counted();
    const request = { schema, document, operation: getOperationAST(document)!, variables: { input } };
    const error = findBrokenLimit({ ...request, bodyBytes: 20_000 });
    expect(error).toMatchObject({ extensions: { code: 'BAD_USER_INPUT', http: { status: 400 } } });
    expect(findBrokenLimit({ ...request, bodyBytes: 2000 })).toBeNull();
    expect(prints()).toBeLessThan(10);
  });

  it('are not all looked at to name the first', () => {
    let looked = 0;
    const userIds = new Proxy(new Array<number>(MANY).fill(1.5), {
      get: (list, key) => {
        if (typeof key === 'string' && /^\d+$/.test(key)) looked++;
        return Reflect.get(list, key) as unknown;
      },
    });
    const start = getOperationAST(parse(operation('start-kick-job')))!.variableDefinitions!;
    expect(describeBadVariables(schema, start, { input: { userIds } })).toHaveLength(20);
    expect(looked).toBeLessThan(100);
    expect(describeBadVariables(schema, definitions, { input: { ...unknownFields() } }).length).toBeLessThan(5);
  });

  describe('are refused as few are', () => {
    let app: TestApp;
    beforeAll(async () => {
      app = await startTestApp();
    });

    it.each(['kick-users', 'start-kick-job'])('%s', async (name) => {
      for (let round = 0; round < 2; round++) {
        const { status, text, errors } = await execute(app, operation(name), { input: unknownFields() });
        expect(status).toBe(400);
        expect(errors![0]!.extensions['code']).toBe('BAD_USER_INPUT');
        expect(errors!.map(({ message }) => message)).toContain(
          'Variable "$input" has no valid value at "input". There is a field that the schema does not know.',
        );
        expect(text).not.toContain('canary');
      }
    });
  });
});

describe('a list with thousands of bad items', () => {
  let looked = 0;
  class Input {
    @EachObeys('isNever', () => {
      looked++;
      return 'must not be';
    })
    items!: string[];
  }
  const inputOf = (length: number) => Object.assign(new Input(), { items: new Array<string>(length).fill(' ') });

  it('is looked at as far as faults are told', () => {
    let told = 0;
    try {
      validateInput(inputOf(10_000));
    } catch (error) {
      told = (error as InvalidInputError).inputFaults.length;
    }
    expect(told).toBe(100);
    expect(looked).toBeLessThanOrEqual(300);
  });

  it('is not looked at where it is too long: that is told by another rule', () => {
    looked = 0;
    expect(validateSync(inputOf(10_001))).toEqual([]);
    expect(looked).toBe(0);
  });
});
