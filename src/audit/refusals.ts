import type { GraphQLError } from 'graphql';
import type { RequestContext } from '../context';
import type { AuditService } from './audit.service';

/** A known caller who asks for what they may not have is worth a record. */
export const refusalsRecorder =
  (audit: AuditService) =>
  (errors: readonly GraphQLError[], { principal, requestId }: RequestContext): void => {
    if (principal === null) return;
    const { subject: actor, issuer } = principal;
    for (const { path, extensions } of errors) {
      if (extensions['code'] !== 'FORBIDDEN') continue;
      const details = { field: String(path?.[0]) };
      audit.after({ action: 'FORBIDDEN', actor, issuer, requestId, code: 'FORBIDDEN', details });
    }
  };
