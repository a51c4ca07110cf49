import { Arg, Ctx, Int, Query, Resolver } from 'type-graphql';
import { ID } from '../graphql/id';
import { NeedsScope } from '../auth/needs-scope';
import { Scope } from '../auth/scope';
import { callerOf, type RequestContext } from '../context';
import { FailuresAsError } from '../graphql/failures-as-error';
import { pageRequest, toConnection } from '../graphql/connection';
import { AuditEventConnection, toAuditEvent } from './audit-event.type';
import { type AuditEventsService } from './audit-events.service';

@Resolver()
export class AuditEventsResolver {
  constructor(private readonly service: AuditEventsService) {}

  @NeedsScope(Scope.READ)
  @FailuresAsError()
  @Query(() => AuditEventConnection, {
    description: 'The audit trail, newest record first; filters add up. Needs the scope `kicks:read`.',
  })
  async auditEvents(
    @Arg('first', () => Int, { defaultValue: 50, description: 'How many records at most: 1 to 100.' }) first: number,
    @Arg('after', () => String, { nullable: true, description: 'Go on behind this cursor.' }) after: string | null,
    @Arg('actor', () => String, { nullable: true, description: 'Only what this `sub` asked for.' })
    actor: string | null,
    @Arg('userId', () => ID, { nullable: true, description: 'Only what was about this user, named exactly so.' })
    userId: string | null,
    @Arg('jobId', () => ID, { nullable: true, description: 'Only what belongs to this job.' }) jobId: string | null,
    @Ctx() context: RequestContext,
  ): Promise<AuditEventConnection> {
    const filter = { actor: actor ?? null, userId: userId ?? null, jobId: jobId ?? null };
    const page = pageRequest(first, after);
    const rows = await this.service.list(filter, page.after, page.first + 1, callerOf(context));
    return toConnection(rows, page, ({ position }) => position, toAuditEvent);
  }
}
