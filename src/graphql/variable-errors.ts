/** Says which places of an operation's variables don't fit. graphql-js says it in prose that quotes the values. */
import { ApolloServerErrorCode } from '@apollo/server/errors';
import {
  coerceInputValue,
  isInputType,
  Kind,
  typeFromAST,
  type GraphQLFormattedError,
  type GraphQLSchema,
  type TypeNode,
  type VariableDefinitionNode,
} from 'graphql';
import { showName } from './validation-messages';

/** How graphql-js begins each message about the value of a variable. */
export const VARIABLE_MESSAGE = /^Variable "\$(\w+)"/;

/** The one message of graphql-js's that tells more than the place and quotes nothing. */
const MISSING_FIELD = /^Field "\w+" of required type "[\w[\]!]+" was not provided\.$/;
const UNKNOWN_FIELD = /^Field ".*" is not defined by type "\w+"/s;

/** So many places are named at most. */
const MAX_PLACES = 20;
/** Faults that are looked at: of several at one place one is named, and there may be hundreds of thousands. */
const MAX_FAULTS = 200;

class SeenEnough extends Error {}

/**
 * Whether the errors of a response are about the values of variables: then all are, as nothing has run. The last may be
 * another, which says that there are too many.
 */
export const areVariableErrors = (
  errors: readonly { message: string; extensions?: Readonly<Record<string, unknown>> }[],
): boolean =>
  errors.some(({ message, extensions }) => {
    return extensions?.['code'] === ApolloServerErrorCode.BAD_USER_INPUT && VARIABLE_MESSAGE.test(message);
  });

const toPlace = (name: string, path: readonly (string | number)[]): string =>
  path.reduce<string>((text, key) => (typeof key === 'number' ? `${text}[${key}]` : `${text}.${key}`), name);

function whatIsWrong(message: string): string {
  if (MISSING_FIELD.test(message)) return message;
  return UNKNOWN_FIELD.test(message) ? 'There is a field that the schema does not know.' : 'It does not fit its type.';
}

function inputTypeOf(schema: GraphQLSchema, node: TypeNode) {
  const type = typeFromAST(schema, node);
  return isInputType(type) ? type : undefined;
}

function faultsOf(
  schema: GraphQLSchema,
  definition: VariableDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
) {
  const name = definition.variable.name.value;
  const shown = showName(name);
  const type = inputTypeOf(schema, definition.type);
  if (type === undefined) return [];
  if (!Object.hasOwn(variables, name)) {
    const isMissing = definition.type.kind === Kind.NON_NULL_TYPE && definition.defaultValue === undefined;
    return isMissing ? [`Variable "$${shown}" of the required type "${String(type)}" was not given.`] : [];
  }
  const faults = new Set<string>();
  let seen = 0;
  try {
    coerceInputValue(variables[name], type, (path, _value, error) => {
      faults.add(`Variable "$${shown}" has no valid value at "${toPlace(shown, path)}". ${whatIsWrong(error.message)}`);
      if (faults.size >= MAX_PLACES || ++seen >= MAX_FAULTS) throw new SeenEnough();
    });
  } catch (error) {
    if (!(error instanceof SeenEnough)) throw error;
  }
  return [...faults];
}

/** The variables of one operation, coerced once more only to learn which places are wrong. Repeats no value. */
export const describeBadVariables = (
  schema: GraphQLSchema,
  definitions: readonly VariableDefinitionNode[],
  variables: Readonly<Record<string, unknown>>,
): GraphQLFormattedError[] =>
  definitions
    .flatMap((definition) => faultsOf(schema, definition, variables))
    .slice(0, MAX_PLACES)
    .map((message) => ({ message, extensions: { code: ApolloServerErrorCode.BAD_USER_INPUT } }));
