import { createRequire } from 'node:module';
import type { ApolloServerPlugin } from '@apollo/server';
import { ApolloServerErrorCode } from '@apollo/server/errors';
import { GraphQLError } from 'graphql';
import type { RequestContext } from '../context';

/** What is used of https://www.npmjs.com/package/negotiator, which comes without types. */
type Negotiator = new (request: { headers: { accept: string } }) => {
  mediaType: (available: readonly string[]) => string | undefined;
};
// Apollo's own copy, as the two have to judge alike.
/* eslint-disable-next-line @typescript-eslint/no-unsafe-assignment -- see above */
const Negotiator: Negotiator = createRequire(require.resolve('@apollo/server'))('negotiator');

/** In which Apollo answers an operation. */
const MEDIA_TYPES = [
  'application/json; charset=utf-8',
  'application/graphql-response+json; charset=utf-8',
  'application/json; callbackSpec=1.0; charset=utf-8',
];

const isAcceptable = (accept: string): boolean =>
  new Negotiator({ headers: { accept } }).mediaType(MEDIA_TYPES) !== undefined;

/**
 * Refuses operations whose answer the caller would not take. Apollo looks at `Accept` only when it has carried the
 * operation out, and a kick that was answered 406 would be taken for none. The answer to the caller is Apollo's own.
 */
export const acceptPlugin = (): ApolloServerPlugin<RequestContext> => ({
  async requestDidStart() {
    return {
      async didResolveOperation({ request }) {
        const accept = request.http?.headers.get('accept') ?? '';
        if (accept === '' || isAcceptable(accept)) return;
        const extensions = { code: ApolloServerErrorCode.BAD_REQUEST, http: { status: 406 } };
        throw new GraphQLError('None of the media types that the caller accepts is served.', { extensions });
      },
    };
  },
});
