import type { ApolloServerPlugin } from '@apollo/server';
import type { RequestContext } from '../context';
import { logUnexpected } from './unexpected-errors';
import { areVariableErrors, describeBadVariables } from './variable-errors';

/** Last touch to every answer: bugs go to the log, errors say where and carry the request id that the log knows. */
export const answerPlugin = (): ApolloServerPlugin<RequestContext> => ({
  async requestDidStart() {
    return {
      async didEncounterErrors({ errors, contextValue: { log } }) {
        logUnexpected(errors, log);
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
