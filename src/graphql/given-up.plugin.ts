/**
 * Operations that Apollo gives up: something was thrown where nothing may be, which it answers with a 500 and a word to its
 * own log. Two of them are no bugs of ours: graphql-js 16 throws out of validation where a subscription's root field depends
 * on `@skip` or `@include`, which the specification of September 2025 forbids ("Single Root Field"); and it runs out of stack
 * where many fragments spread each other in a ring ("Fragment spreads must not form cycles"), before it comes to say so.
 */
import type { ApolloServerPlugin } from '@apollo/server';
import { ApolloServerErrorCode } from '@apollo/server/errors';
import { GraphQLError, NoFragmentCyclesRule, validate, type DocumentNode, type GraphQLSchema } from 'graphql';
import type { RequestContext } from '../context';
import { answerErrors } from './error-answer';
import type { OperationObserver } from './operation-seen';
import { hasConditionalSubscription } from './operation-shape';
import type { PersistedOperations } from './persisted-manifest';
import { NOT_IN_LIST } from './persisted-operations.plugin';
import { logUnexpected } from './unexpected-errors';

/** What a caller is told of such a subscription. */
export const CONDITIONAL_ROOT = {
  code: ApolloServerErrorCode.GRAPHQL_VALIDATION_FAILED,
  // As validation-messages.ts lets it through.
  message: 'The directive "@skip" or "@include" must not stand at the root of a subscription.',
};

/** Of many that spread each other in a ring, the first is enough. */
export const findFragmentCycle = (schema: GraphQLSchema, document: DocumentNode): GraphQLError | undefined =>
  validate(schema, document, [NoFragmentCyclesRule], { maxErrors: 1 })[0];

function faultOf(error: Error, schema: GraphQLSchema, document: DocumentNode) {
  if (error instanceof GraphQLError) return hasConditionalSubscription(document) ? CONDITIONAL_ROOT : null;
  const cycle = error instanceof RangeError ? findFragmentCycle(schema, document) : undefined;
  return cycle === undefined ? null : { code: CONDITIONAL_ROOT.code, message: cycle.message };
}

/** Tells the log and the observers of operations that were given up. */
export function givenUpPlugin(
  { mode, isMember }: PersistedOperations,
  observers: readonly OperationObserver[],
): ApolloServerPlugin<RequestContext> {
  const startedAt = new WeakMap<object, number>();

  const refusalOf = (error: Error, schema: GraphQLSchema, document: DocumentNode | undefined): GraphQLError | null => {
    const fault = document === undefined ? null : faultOf(error, schema, document);
    if (document === undefined || fault === null) return null;
    const { message, code } = mode === 'enforce' && !isMember(document) ? NOT_IN_LIST : fault;
    return new GraphQLError(message, { extensions: { code, http: { status: 400 } } });
  };

  return {
    async requestDidStart(request) {
      startedAt.set(request, performance.now());
    },
    async unexpectedErrorProcessingRequest({ requestContext, error }) {
      const { contextValue: context } = requestContext;
      const refusal = refusalOf(error, requestContext.schema, requestContext.document);
      const thrown = refusal ?? new GraphQLError(error.message, { originalError: error });
      logUnexpected([thrown], context.log);
      const durationMs = performance.now() - (startedAt.get(requestContext) ?? performance.now());
      const { errors, httpStatus } = answerErrors([thrown], context.requestId);
      const seen = { operation: null, context, thrown: [thrown], told: errors, durationMs };
      for (const observe of observers) observe({ ...seen, httpStatus: refusal === null ? 500 : httpStatus });
      // Told in the place of Apollo's own words, and with its own HTTP status.
      if (refusal !== null) throw refusal;
    },
  };
}
