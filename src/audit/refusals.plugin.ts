import type { ApolloServerPlugin } from '@apollo/server';
import type { RequestContext } from '../context';
import type { AuditService } from './audit.service';

/** A known caller who asks for what they may not have is worth a record. */
export const refusalsPlugin = (audit: AuditService): ApolloServerPlugin<RequestContext> => ({
  async requestDidStart() {
    return {
      async didEncounterErrors({ errors, contextValue: { principal, requestId } }) {
        if (principal === null) return;
        const { subject: actor, issuer } = principal;
        for (const { path, extensions } of errors) {
          if (extensions['code'] !== 'FORBIDDEN') continue;
          const details = { field: String(path?.[0]) };
          audit.after({ action: 'FORBIDDEN', actor, issuer, requestId, code: 'FORBIDDEN', details });
        }
      },
    };
  },
});
