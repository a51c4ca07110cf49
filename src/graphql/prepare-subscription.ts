/**
 * Everything that Apollo does before it runs an operation, for the one kind that does not go through it: parsing,
 * validation, limits, the list of operations, variables, and errors that repeat nothing.
 */
import { ApolloServerErrorCode } from '@apollo/server/errors';
import {
  getOperationAST,
  getVariableValues,
  GraphQLError,
  NoSchemaIntrospectionCustomRule,
  OperationTypeNode,
  parse,
  specifiedRules,
  validate,
  type DocumentNode,
  type GraphQLFormattedError,
  type GraphQLSchema,
} from 'graphql';
import { takesEvents } from '../http/media-types';
import { CONDITIONAL_ROOT, findFragmentCycle } from './given-up.plugin';
import { LimitCode, LIMITS, MAX_VALIDATION_ERRORS, findBrokenLimit } from './limits';
import { findLongText } from './long-text';
import { hasConditionalSubscription } from './operation-shape';
import type { PersistedOperations } from './persisted-manifest';
import { NOT_IN_LIST } from './persisted-operations.plugin';
import { formatError } from './safe-errors';
import { readParams } from './subscription-params';
import { areVariableErrors, describeBadVariables } from './variable-errors';

/** What came in, before anything is known of it. */
export interface SubscriptionRequest {
  body: unknown;
  bodyBytes: number;
  accept: string;
}

interface SubscriptionArgs {
  schema: GraphQLSchema;
  document: DocumentNode;
  variableValues: Record<string, unknown>;
  operationName: string | null;
}

/** Ready for graphql's `subscribe`, or refused before anything has run. */
export type Prepared =
  | { isOk: true; args: SubscriptionArgs; sha256: string }
  | { isOk: false; status: number; errors: GraphQLFormattedError[] };

const refuse = (status: number, code: string, message: string): Prepared => ({
  isOk: false,
  status,
  errors: [{ message, extensions: { code } }],
});

const formatted = (error: GraphQLError, code: string): GraphQLFormattedError => {
  const coded = new GraphQLError(error.message, { extensions: { code } });
  return formatError({ ...error.toJSON(), extensions: { code } }, coded);
};

export function createSubscriptionPreparer(
  schema: GraphQLSchema,
  { isProduction, persisted }: { isProduction: boolean; persisted: PersistedOperations },
): (request: SubscriptionRequest) => Prepared {
  const rules = isProduction ? [...specifiedRules, NoSchemaIntrospectionCustomRule] : specifiedRules;

  const check = (document: DocumentNode): Prepared | null => {
    if (persisted.mode === 'enforce' && !persisted.isMember(document)) {
      return refuse(400, NOT_IN_LIST.code, NOT_IN_LIST.message);
    }
    if (hasConditionalSubscription(document)) return refuse(400, CONDITIONAL_ROOT.code, CONDITIONAL_ROOT.message);
    const cycle = findFragmentCycle(schema, document);
    const limits = { maxErrors: MAX_VALIDATION_ERRORS, hideSuggestions: isProduction };
    const faults = cycle === undefined ? validate(schema, document, rules, limits) : [cycle];
    if (faults.length === 0) return null;
    const code = ApolloServerErrorCode.GRAPHQL_VALIDATION_FAILED;
    return { isOk: false, status: 400, errors: faults.map((fault) => formatted(fault, code)) };
  };

  return ({ body, bodyBytes, accept }) => {
    if (!takesEvents(accept)) {
      return refuse(406, 'NOT_ACCEPTABLE', 'Progress is told as text/event-stream.');
    }
    const params = readParams(body, persisted);
    if ('code' in params) return refuse(400, params.code, params.message);
    const tooLong = findLongText({ query: params.query });
    if (tooLong !== null) return refuse(413, LimitCode.PAYLOAD_TOO_LARGE, tooLong.message);
    let document: DocumentNode;
    try {
      document = parse(params.query, { maxTokens: LIMITS.tokens });
    } catch (error) {
      if (!(error instanceof GraphQLError)) throw error;
      return { isOk: false, status: 400, errors: [formatted(error, ApolloServerErrorCode.GRAPHQL_PARSE_FAILED)] };
    }
    const fault = check(document);
    if (fault !== null) return fault;
    const operation = getOperationAST(document, params.operationName);
    if (operation?.operation !== OperationTypeNode.SUBSCRIPTION) {
      return refuse(
        400,
        'NOT_A_SUBSCRIPTION',
        'This address serves one subscription operation; send others to /graphql.',
      );
    }
    const { variables } = params;
    const broken = findBrokenLimit({ schema, document, operation, variables, bodyBytes }, true);
    if (broken !== null && !areVariableErrors([broken])) {
      const errors = [{ message: broken.message, extensions: { code: broken.extensions['code'] } }];
      return { isOk: false, status: 400, errors };
    }
    const definitions = operation.variableDefinitions ?? [];
    if (getVariableValues(schema, definitions, variables, { maxErrors: 1 }).errors !== undefined) {
      return { isOk: false, status: 400, errors: describeBadVariables(schema, definitions, variables) };
    }
    const { operationName } = params;
    const args = { schema, document, variableValues: variables, operationName };
    return { isOk: true, args, sha256: params.sha256 };
  };
}
