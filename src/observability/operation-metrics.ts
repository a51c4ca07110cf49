import type { GraphQLError, GraphQLSchema } from 'graphql';
import type { OperationObserver, OperationSeen } from '../graphql/operation-seen';
import { isUnexpected } from '../graphql/safe-errors';
import { areVariableErrors } from '../graphql/variable-errors';
import type { OperationOutcome } from './metrics';
import type { Metrics } from './metrics-registry';

/** A metric's label for an operation. */
function fieldOf(operation: OperationSeen['operation']): string {
  if (operation === null) return 'invalid';
  const { fields } = operation;
  return fields.length > 1 ? 'several' : (fields[0] ?? 'none');
}

function outcomeOf({ thrown, told }: OperationSeen): OperationOutcome {
  const hasFailed = thrown.length > 0 && !areVariableErrors(thrown) && thrown.some(isUnexpected);
  if (hasFailed) return 'failed';
  return told.length > 0 ? 'refused' : 'ok';
}

/** Counts callers without the scope: an operation of theirs, or a stream that was not begun. */
export function countForbidden(metrics: Metrics, thrown: readonly GraphQLError[]): void {
  if (thrown.some(({ extensions }) => extensions['code'] === 'FORBIDDEN')) metrics.countRefusal('FORBIDDEN');
}

/** Counts operations by the schema's names, never by the caller's. */
export function countOperations(metrics: Metrics, schema: GraphQLSchema): OperationObserver {
  const roots = [schema.getQueryType(), schema.getMutationType()];
  metrics.expectOperations(roots.flatMap((type) => Object.keys(type?.getFields() ?? {})));
  return (seen) => {
    countForbidden(metrics, seen.thrown);
    metrics.countOperation(fieldOf(seen.operation), outcomeOf(seen), seen.durationMs);
  };
}
