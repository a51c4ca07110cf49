import type { ApolloServerPlugin } from '@apollo/server';
import type { RequestContext } from '../context';
import { isLoggableName } from './loggable';

/** One line an operation: which, how it ended, how long it took. Never its variables or its text. */
export const requestLogPlugin = (): ApolloServerPlugin<RequestContext> => ({
  async requestDidStart() {
    const startedAt = performance.now();
    return {
      async willSendResponse({ operation, operationName, response, contextValue: { log, principal } }) {
        const { body, http } = response;
        const errors = body.kind === 'single' ? (body.singleResult.errors ?? []) : [];
        log.info(
          {
            operation: operationName != null && isLoggableName(operationName) ? operationName : null,
            type: operation?.operation ?? null,
            actor: principal?.subject ?? null,
            httpStatus: http.status ?? 200,
            errorCodes: [...new Set(errors.map(({ extensions }) => extensions?.['code']))],
            durationMs: Math.round((performance.now() - startedAt) * 1000) / 1000,
          },
          'operation',
        );
      },
    };
  },
});
