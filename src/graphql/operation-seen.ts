/** What those see who log, count and record operations at /graphql, however an operation was carried out. */
import type { GraphQLError, GraphQLFormattedError, OperationTypeNode } from 'graphql';
import type { RequestContext } from '../context';

export interface OperationSeen {
  /** Null: refused before it was known which operation it is. */
  operation: {
    /** As the document has it; null: it has none. */
    name: string | null;
    type: OperationTypeNode;
    /** Of the root type: the schema's names, as validation has seen to it. */
    fields: readonly string[];
  } | null;
  context: RequestContext;
  /** As they were thrown. */
  thrown: readonly GraphQLError[];
  /** As the caller is told. */
  told: readonly GraphQLFormattedError[];
  httpStatus: number;
  durationMs: number;
}

/** Must not throw. */
export type OperationObserver = (seen: OperationSeen) => void;

export const NO_ERRORS: readonly never[] = [];
