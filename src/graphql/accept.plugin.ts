import type { ApolloServerPlugin } from '@apollo/server';
import { ApolloServerErrorCode } from '@apollo/server/errors';
import { GraphQLError } from 'graphql';
import type { RequestContext } from '../context';
import { mediaTypeFor } from '../http/media-types';

/**
 * Refuses operations whose answer the caller would not take. Apollo looks at `Accept` only when it has carried the
 * operation out, and a kick that was answered 406 would be taken for none. The answer to the caller is Apollo's own.
 */
export const acceptPlugin = (): ApolloServerPlugin<RequestContext> => ({
  async requestDidStart() {
    return {
      async didResolveOperation({ request }) {
        const accept = request.http?.headers.get('accept') ?? '';
        if (accept === '' || mediaTypeFor(accept) !== undefined) return;
        const extensions = { code: ApolloServerErrorCode.BAD_REQUEST, http: { status: 406 } };
        throw new GraphQLError('None of the media types that the caller accepts is served.', { extensions });
      },
    };
  },
});
