/** Turns an operation that Apollo has carried out before into a function, by graphql-jit. */
import {
  isAbstractType,
  isInputObjectType,
  isListType,
  isNonNullType,
  OperationTypeNode,
  typeFromAST,
  type DocumentNode,
  type ExecutionResult,
  type GraphQLError,
  type GraphQLSchema,
  type GraphQLType,
  type OperationDefinitionNode,
} from 'graphql';
import type { RequestContext } from '../../context';
import { isPlain } from './plain';

export type Variables = Readonly<Record<string, unknown>>;

/** Runs the operation. Null: Apollo is to; nothing has run, or a query that may run again. */
export type RunOperation = (context: RequestContext, variables: Variables) => Promise<ExecutionResult | null>;

/**
 * graphql-jit takes a list for an input object with nothing in it, where graphql-js refuses it. All else that graphql-js
 * refuses, it refuses too: test/graphql/known-operations.test.ts compares them.
 */
function hasListForObject(type: GraphQLType | undefined, value: unknown): boolean {
  if (isNonNullType(type)) return hasListForObject(type.ofType, value);
  if (typeof value !== 'object' || value === null) return false;
  if (isListType(type)) {
    return Array.isArray(value)
      ? value.some((item) => hasListForObject(type.ofType, item))
      : hasListForObject(type.ofType, value);
  }
  if (!isInputObjectType(type)) return false;
  if (Array.isArray(value)) return true;
  const fields = type.getFields();
  return Object.entries(value).some(([name, inner]) => hasListForObject(fields[name]?.type, inner));
}

/**
 * Where a union is given an object that is no member of it, its resolver throws. graphql-jit would never answer then, and
 * Node would end the gateway; without the throw it is an error like any other.
 */
function withCalmUnions<T>(schema: GraphQLSchema, compile: () => T): T {
  const types = Object.values(schema.getTypeMap()).filter(isAbstractType);
  const restore = types.map((type) => {
    const { resolveType } = type;
    if (resolveType == null) return () => {};
    type.resolveType = (...args) => {
      try {
        return resolveType(...args);
      } catch {
        return undefined;
      }
    };
    return () => (type.resolveType = resolveType);
  });
  try {
    return compile();
  } finally {
    for (const undo of restore) undo();
  }
}

/** graphql-jit's errors are without extensions where graphql-js's have none in them, and can't be given any. */
const withExtensions = (error: GraphQLError): GraphQLError =>
  Object.create(error, { extensions: { value: { ...error.extensions }, enumerable: true } }) as GraphQLError;

/** @returns null for an operation that is better left to Apollo */
export async function compileOperation(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
): Promise<RunOperation | null> {
  if (!isPlain(document, operation)) return null;
  // Loaded by the first operation that is asked for again and again; a gateway starts without it.
  const { compileQuery, isCompiledQuery } = await import('graphql-jit');
  const compiled = withCalmUnions(schema, () =>
    compileQuery(schema, document, operation.name?.value, { disablingCapturingStackErrors: true }),
  );
  if (!isCompiledQuery(compiled)) return null;
  const types = (operation.variableDefinitions ?? []).map(
    ({ variable, type }) => [variable.name.value, typeFromAST(schema, type)] as const,
  );
  return async (context, variables) => {
    if (types.some(([name, type]) => hasListForObject(type, variables[name]))) return null;
    const { data, errors } = await compiled.query(undefined, context, variables);
    // No data, not even null: only variables that don't fit end an operation before it begins.
    if (data === undefined) return null;
    if (errors === undefined) return { data };
    // Which of several errors are told depends on nulls and on time; a query is asked again by the one that knows. A
    // mutation can't be, and has one field, which is not nullable.
    return operation.operation === OperationTypeNode.QUERY ? null : { data, errors: errors.map(withExtensions) };
  };
}
