import { Kind, type GraphQLError } from 'graphql';
import type { RequestContext } from '../context';
import type { AuditService } from './audit.service';

/** The schema's name of what was asked for. The path of the error has the alias, which is whatever the caller likes. */
function fieldOf({ nodes }: GraphQLError): string | null {
  const node = nodes?.[0];
  return node?.kind === Kind.FIELD ? node.name.value : null;
}

/** A known caller who asks for what they may not have is worth a record: one a request, however often it asks. */
export const refusalsRecorder =
  (audit: AuditService) =>
  (errors: readonly GraphQLError[], { principal, requestId }: RequestContext): void => {
    if (principal === null) return;
    const refused = errors.filter(({ extensions }) => extensions['code'] === 'FORBIDDEN');
    if (refused.length === 0) return;
    const { subject: actor, issuer } = principal;
    const [field, ...others] = new Set(refused.map(fieldOf));
    const details = others.length === 0 ? { field } : { fields: [field, ...others] };
    audit.after({ action: 'FORBIDDEN', actor, issuer, requestId, code: 'FORBIDDEN', details });
  };
