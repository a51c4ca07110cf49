import type { ApolloServerPlugin } from '@apollo/server';
import type { GraphQLError } from 'graphql';
import type { RequestContext } from '../context';
import { NO_ERRORS, type OperationObserver } from './operation-seen';
import { rootFieldNames } from './operation-shape';

/** Shows every operation that Apollo has answered to those who log, count and record. */
export const observerPlugin = (observers: readonly OperationObserver[]): ApolloServerPlugin<RequestContext> => ({
  async requestDidStart() {
    const startedAt = performance.now();
    let thrown: readonly GraphQLError[] = NO_ERRORS;
    return {
      async didEncounterErrors({ errors }) {
        thrown = errors;
      },
      async willSendResponse({ document, operation, contextValue: context, response: { body, http } }) {
        // Whatever the type says: both are unknown when an operation was refused before.
        const isKnown = document != null && operation != null;
        const seen = {
          operation: isKnown
            ? {
                name: operation.name?.value ?? null,
                type: operation.operation,
                fields: rootFieldNames(document, operation),
              }
            : null,
          context,
          thrown,
          told: (body.kind === 'single' ? body.singleResult.errors : undefined) ?? NO_ERRORS,
          httpStatus: http.status ?? 200,
          durationMs: performance.now() - startedAt,
        };
        for (const observe of observers) observe(seen);
      },
    };
  },
});
