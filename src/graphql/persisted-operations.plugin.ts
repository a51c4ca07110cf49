/** Lets only operations of the manifest run, or tells of the others, so that nobody is shut out by surprise. */
import type { ApolloServerPlugin } from '@apollo/server';
import { GraphQLError, type DocumentNode } from 'graphql';
import type { RequestContext } from '../context';
import { makeRoom } from '../make-room';
import { isLoggableName } from '../observability/loggable';
import type { Logger } from '../observability/logger';
import { bareHash, type Manifest, type PersistedOperations } from './persisted-manifest';

/** So many unknown operations are remembered as logged. */
const MAX_REMEMBERED = 1000;

/** Told of every operation that the manifest doesn't have. */
export const NOT_IN_LIST = {
  message: 'This operation is not in the list of those that may run.',
  code: 'PERSISTED_QUERY_NOT_IN_LIST',
};

/** For Apollo's `persistedQueries`: hashes are looked up in the manifest, and nothing is ever added. */
export const manifestCache = (manifest: Manifest) => ({
  get: async (key: string) => manifest.get(bareHash(key.replace(/^apq:/, ''))),
  set: async () => {},
  delete: async () => false,
});

/** True the first time for each text, as far back as it remembers. */
export function createFirstTimes(): (text: string) => boolean {
  const seen = new Set<string>();
  return (text) => {
    if (seen.has(text)) return false;
    makeRoom(seen, MAX_REMEMBERED);
    seen.add(text);
    return true;
  };
}

/** For `log`: tells of each operation that the manifest doesn't have, once. */
export function createUnlistedLog({ mode, isMember }: PersistedOperations) {
  const isFirst = createFirstTimes();
  return (document: DocumentNode, sha256: string, operationName: string | null, log: Logger): void => {
    if (mode !== 'log' || isMember(document) || !isFirst(sha256)) return;
    const operation = operationName !== null && isLoggableName(operationName) ? operationName : null;
    log.warn({ sha256, operation }, 'operation is not in the manifest');
  };
}

export function persistedOperationsPlugin(persisted: PersistedOperations): ApolloServerPlugin<RequestContext> {
  const { mode, isMember } = persisted;
  if (mode === 'off') return {};
  const noteUnlisted = createUnlistedLog(persisted);
  return {
    async requestDidStart() {
      return {
        async didResolveOperation({ document, queryHash, operationName, contextValue: { log } }) {
          if (mode === 'enforce' && !isMember(document)) {
            const { message, code } = NOT_IN_LIST;
            throw new GraphQLError(message, { extensions: { code, http: { status: 400 } } });
          }
          noteUnlisted(document, queryHash, operationName, log);
        },
        // What an unknown document does wrong would tell about the schema, field by field.
        async willSendResponse({ source, document, response }) {
          if (mode !== 'enforce' || source === undefined || response.body.kind !== 'single') return;
          if (document !== undefined && isMember(document)) return;
          const { message, code } = NOT_IN_LIST;
          response.http.status = 400;
          response.body.singleResult = { errors: [{ message, extensions: { code } }] };
        },
      };
    },
  };
}
