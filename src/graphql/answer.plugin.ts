import type { ApolloServerPlugin } from '@apollo/server';
import type { GraphQLError } from 'graphql';
import type { RequestContext } from '../context';
import { isUnexpected } from './safe-errors';
import { isLoggableName } from '../observability/loggable';
import { areVariableErrors, describeBadVariables } from './variable-errors';

/** A path has the callers' own aliases in it. */
const loggablePath = (path: GraphQLError['path']) =>
  path?.map((key) => (typeof key === 'number' || isLoggableName(key) ? key : '…'));

/** Last touch to every answer: bugs go to the log, errors say where and carry the request id that the log knows. */
export const answerPlugin = (): ApolloServerPlugin<RequestContext> => ({
  async requestDidStart() {
    return {
      async didEncounterErrors({ errors, contextValue: { log } }) {
        if (areVariableErrors(errors)) return;
        for (const error of errors.filter(isUnexpected)) {
          log.error({ err: error.originalError ?? error, path: loggablePath(error.path) }, 'unexpected error');
        }
      },
      async willSendResponse({ schema, operation, request, response, contextValue: { requestId } }) {
        // Answers are about one caller and one moment.
        response.http.headers.set('cache-control', 'no-store');
        if (response.body.kind !== 'single') return;
        const { singleResult } = response.body;
        const { errors } = singleResult;
        if (errors === undefined) return;
        const areVariables = operation != null && areVariableErrors(errors);
        const described = areVariables
          ? describeBadVariables(schema, operation.variableDefinitions ?? [], request.variables ?? {})
          : [];
        singleResult.errors = (described.length > 0 ? described : errors).map((error) => ({
          ...error,
          extensions: { ...error.extensions, requestId },
        }));
      },
    };
  },
});
