/** What an operation may make the gateway do, in fields to answer; known before it runs. */
import {
  getNamedType,
  getNullableType,
  isCompositeType,
  isListType,
  type DocumentNode,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import { fieldExtensionsEstimator, getComplexity, type ComplexityEstimator } from 'graphql-query-complexity';
import { LARGEST_LINE, MAX_PAGE_SIZE, pageRequest } from './connection';

/** More than half of what an operation may cost, so that no two of them fit. */
const MUTATION_COST = 6000;
/** Objects in a list that no argument bounds. */
const LIST_LENGTH = 10;

/**
 * What a page of `first` objects counts as; the largest where it isn't said. The field itself refuses a larger one, and says
 * why better than a limit could.
 */
const pageLength = (first: unknown): number =>
  typeof first === 'number' ? Math.min(Math.max(first, 0), MAX_PAGE_SIZE) : MAX_PAGE_SIZE;

/** Asking about the schema is bounded by the schema; see also graphql-js's MaxIntrospectionDepthRule. */
const metaIsFree: ComplexityEstimator = ({ field }) => (field.name.startsWith('__') ? 0 : undefined);

/**
 * A field costs 1 and what is below it as often as it is there. The list in a Relay connection is counted where `first` is.
 *
 * A page below another field that its own will refuse is refused now: a mutation would take effect before, and its answer be
 * lost; and where nothing is above it, nobody would be told. All that is paged there are the lines of jobs.
 */
const byLength =
  (schema: GraphQLSchema): ComplexityEstimator =>
  ({ type, field, args, childComplexity }) => {
    if (type === schema.getMutationType()) return MUTATION_COST + childComplexity;
    if (field.args.some(({ name }) => name === 'first')) {
      const { first, after } = args as { first: number; after?: string | null };
      if (type !== schema.getQueryType()) pageRequest(first, after, LARGEST_LINE);
      return 1 + pageLength(first) * childComplexity;
    }
    const isList = isListType(getNullableType(field.type)) && isCompositeType(getNamedType(field.type));
    return 1 + (isList && !type.name.endsWith('Connection') ? LIST_LENGTH : 1) * childComplexity;
  };

/**
 * `@Field({ complexity })` of type-graphql says otherwise for a single field.
 * The caller sees to it that the document spreads no fragments without bound.
 * @throws {GraphQLError} when a variable or an argument has no valid value; with a code where a page is asked for that there
 * can't be
 */
export const costOf = (
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): number =>
  getComplexity({
    schema,
    query: document,
    ...(operation.name !== undefined && { operationName: operation.name.value }),
    variables,
    estimators: [metaIsFree, fieldExtensionsEstimator(), byLength(schema)],
    maxQueryNodes: Infinity,
  });
