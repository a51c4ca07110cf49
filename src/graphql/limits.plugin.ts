import type { ApolloServerPlugin } from '@apollo/server';
import { GraphQLError } from 'graphql';
import type { RequestContext } from '../context';
import { findBrokenLimit } from './limits';

const brokenText = (): GraphQLError =>
  new GraphQLError('The operation has broken Unicode in it.', {
    extensions: { code: 'BAD_REQUEST', http: { status: 400 } },
  });

/**
 * Refuses operations that ask for too much. This hook is the only one whose errors keep their HTTP status, and it comes
 * after validation, which has refused fragments that spread themselves.
 */
export const limitsPlugin = (): ApolloServerPlugin<RequestContext> => ({
  async requestDidStart() {
    return {
      async didResolveOperation({ schema, document, operation, request, contextValue: { bodyBytes } }) {
        // Whatever the type says: unknown when `operationName` is wrong, which GraphQL tells next.
        if (operation == null) return;
        const error = findBrokenLimit({ schema, document, operation, variables: request.variables ?? {}, bodyBytes });
        if (error !== null) throw error;
        // Apollo keeps documents by a hash in which broken Unicode and its replacement are the same: it might run another one.
        if (request.query?.isWellFormed() === false) throw brokenText();
      },
    };
  },
});
