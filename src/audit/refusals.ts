import { Kind, type GraphQLError } from 'graphql';
import type { RequestContext } from '../context';
import type { AuditService } from './audit.service';

/** The schema's name of what was asked for. The path of the error has the alias, which is whatever the caller likes. */
function fieldOf({ nodes }: GraphQLError): string | null {
  const node = nodes?.[0];
  return node?.kind === Kind.FIELD ? node.name.value : null;
}

/** A known caller who asks for what they may not have is worth a record. */
export const refusalsRecorder =
  (audit: AuditService) =>
  (errors: readonly GraphQLError[], { principal, requestId }: RequestContext): void => {
    if (principal === null) return;
    const { subject: actor, issuer } = principal;
    for (const error of errors) {
      if (error.extensions['code'] !== 'FORBIDDEN') continue;
      const details = { field: fieldOf(error) };
      audit.after({ action: 'FORBIDDEN', actor, issuer, requestId, code: 'FORBIDDEN', details });
    }
  };
