import type { OperationObserver } from '../graphql/operation-seen';
import { isLoggableName } from './loggable';

/** One line an operation: which, how it ended, how long it took. Never its variables or its text. */
export const logOperation: OperationObserver = ({ operation, context, told, httpStatus, durationMs }) => {
  const name = operation?.name ?? null;
  context.log.info(
    {
      operation: name !== null && isLoggableName(name) ? name : null,
      type: operation?.type ?? null,
      actor: context.principal?.subject ?? null,
      httpStatus,
      errorCodes: [...new Set(told.map(({ extensions }) => extensions?.['code']))],
      durationMs: Math.round(durationMs * 1000) / 1000,
    },
    'operation',
  );
};
