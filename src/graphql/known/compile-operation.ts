/** Turns an operation that Apollo has carried out before into a function, by graphql-jit. */
import {
  isInputObjectType,
  isListType,
  isNonNullType,
  OperationTypeNode,
  typeFromAST,
  type DocumentNode,
  type ExecutionResult,
  type GraphQLSchema,
  type GraphQLType,
  type OperationDefinitionNode,
} from 'graphql';
import type { RequestContext } from '../../context';
import { countWritten } from '../operation-shape';

export type Variables = Readonly<Record<string, unknown>>;

/** Runs the operation. Null: its variables don't fit, and nothing has run. */
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

/** What both executors are known to do alike: no directives, whose meaning graphql-jit works out in another way. */
const isPlain = (document: DocumentNode, operation: OperationDefinitionNode): boolean =>
  operation.operation !== OperationTypeNode.SUBSCRIPTION && countWritten(document).directives === 0;

/** @returns null for an operation that is better left to Apollo */
export async function compileOperation(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
): Promise<RunOperation | null> {
  if (!isPlain(document, operation)) return null;
  // Loaded by the first operation that is asked for again and again; a gateway starts without it.
  const { compileQuery, isCompiledQuery } = await import('graphql-jit');
  const compiled = compileQuery(schema, document, operation.name?.value, { disablingCapturingStackErrors: true });
  if (!isCompiledQuery(compiled)) return null;
  const types = (operation.variableDefinitions ?? []).map(
    ({ variable, type }) => [variable.name.value, typeFromAST(schema, type)] as const,
  );
  return async (context, variables) => {
    if (types.some(([name, type]) => hasListForObject(type, variables[name]))) return null;
    const result = await compiled.query(undefined, context, variables);
    // No data, not even null: only variables that don't fit end an operation before it begins.
    return result.data === undefined ? null : result;
  };
}
