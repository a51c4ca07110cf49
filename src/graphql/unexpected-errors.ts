import type { GraphQLError } from 'graphql';
import { isLoggableName } from '../observability/loggable';
import type { Logger } from '../observability/logger';
import { isUnexpected } from './safe-errors';
import { areVariableErrors } from './variable-errors';

/** A path has the callers' own aliases in it. */
const loggablePath = (path: GraphQLError['path']) =>
  path?.map((key) => (typeof key === 'number' || isLoggableName(key) ? key : '…'));

/** Callers are told nothing of bugs, so the log is. */
export function logUnexpected(errors: readonly GraphQLError[], log: Logger): void {
  if (areVariableErrors(errors)) return;
  for (const error of errors.filter(isUnexpected)) {
    log.error({ err: error.originalError ?? error, path: loggablePath(error.path) }, 'unexpected error');
  }
}
