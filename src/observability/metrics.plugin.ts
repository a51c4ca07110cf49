import type { ApolloServerPlugin } from '@apollo/server';
import type { RequestContext } from '../context';
import { rootFieldNames } from '../graphql/operation-shape';
import { isUnexpected } from '../graphql/safe-errors';
import { areVariableErrors } from '../graphql/variable-errors';
import type { Metrics } from './metrics-registry';

/** A metric's label for an operation: validation has seen to it that its root fields are the schema's. */
function fieldOf(names: readonly string[]): string {
  if (names.length > 1) return 'several';
  return names[0] ?? 'none';
}

/** Counts operations by the schema's names, never by the caller's. */
export const metricsPlugin = (metrics: Metrics): ApolloServerPlugin<RequestContext> => ({
  async serverWillStart({ schema }) {
    const roots = [schema.getQueryType(), schema.getMutationType()];
    metrics.expectOperations(roots.flatMap((type) => Object.keys(type?.getFields() ?? {})));
  },
  async requestDidStart() {
    const startedAt = performance.now();
    let hasFailed = false;
    return {
      async didEncounterErrors({ errors }) {
        hasFailed = !areVariableErrors(errors) && errors.some(isUnexpected);
        if (errors.some(({ extensions }) => extensions['code'] === 'FORBIDDEN')) metrics.countRefusal('FORBIDDEN');
      },
      async willSendResponse({ document, operation, response: { body } }) {
        // Whatever the type says: both are unknown when an operation was refused before.
        const isKnown = document != null && operation != null;
        const field = isKnown ? fieldOf(rootFieldNames(document, operation)) : 'invalid';
        const isRefused = body.kind === 'single' && body.singleResult.errors !== undefined;
        const outcome = hasFailed ? 'failed' : isRefused ? 'refused' : 'ok';
        metrics.countOperation(field, outcome, performance.now() - startedAt);
      },
    };
  },
});
