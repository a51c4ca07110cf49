import type { ApolloServerPlugin } from '@apollo/server';
import { Kind } from 'graphql';
import type { RequestContext } from '../../context';
import type { KnownOperations } from './known-operations';

/** Has operations remembered that went well: the text is then known to be valid, and allowed. */
export const learningPlugin = (known: KnownOperations): ApolloServerPlugin<RequestContext> => ({
  async requestDidStart() {
    return {
      async willSendResponse({ source, document, operation, request, response: { body } }) {
        const hasGoneWell = body.kind === 'single' && body.singleResult.errors === undefined;
        if (!hasGoneWell || source === undefined || document === undefined || operation == null) return;
        // By GET, or one of several: rare, and told apart by more than the text.
        if (request.http?.method !== 'POST') return;
        if (document.definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION).length !== 1) return;
        known.note(source, document, operation);
      },
    };
  },
});
