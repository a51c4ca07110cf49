import { Arg, Ctx, Int, Mutation, Query, Resolver } from 'type-graphql';
import { ID } from '../graphql/id';
import { NeedsScope } from '../auth/needs-scope';
import { Scope } from '../auth/scope';
import { callerOf, type RequestContext } from '../context';
import { pageRequest, toConnection } from '../graphql/connection';
import { FailuresAsError } from '../graphql/failures-as-error';
import { FailuresAsPayload } from '../graphql/failures-as-payload';
import { StartKickJobInput } from './kick-job.input';
import {
  CancelKickJobError,
  CancelKickJobPayload,
  CancelKickJobSuccess,
  StartKickJobError,
  StartKickJobPayload,
  StartKickJobSuccess,
} from './kick-job.payload';
import { type KickJobReadsService } from './kick-job-reads.service';
import { type KickJobService } from './kick-job.service';
import { KickJob, KickJobConnection, toKickJob } from './kick-job.type';
import { checkKey } from './retry-key';

@Resolver()
export class KickJobResolver {
  constructor(
    private readonly service: KickJobService,
    private readonly reads: KickJobReadsService,
  ) {}

  @NeedsScope(Scope.KICK)
  @FailuresAsPayload(StartKickJobError)
  @Mutation(() => StartKickJobPayload, {
    description:
      'Accepts a list of users to force offline, durably, and answers at once. Needs the scope `users:kick`.',
  })
  async startKickJob(
    @Arg('input', () => StartKickJobInput, { description: 'The users, the apps and the reason.' })
    input: StartKickJobInput,
    @Ctx() context: RequestContext,
  ): Promise<typeof StartKickJobPayload> {
    return new StartKickJobSuccess(await this.service.start(input, callerOf(context)));
  }

  @NeedsScope(Scope.KICK)
  @FailuresAsPayload(CancelKickJobError)
  @Mutation(() => CancelKickJobPayload, {
    description:
      'Sends nothing new for a job; the rest of its users are `SKIPPED`. Needs the scope `users:kick`, and for a job of somebody else `kicks:read` too.',
  })
  async cancelKickJob(
    @Arg('id', () => ID, { description: 'The job.' }) id: string,
    @Ctx() context: RequestContext,
  ): Promise<typeof CancelKickJobPayload> {
    const caller = callerOf(context);
    return new CancelKickJobSuccess(await this.service.cancel(await this.reads.get(id, caller), caller));
  }

  @NeedsScope(Scope.KICK)
  @FailuresAsPayload(StartKickJobError)
  @Mutation(() => StartKickJobPayload, {
    description:
      'Accepts a new job for the `FAILED` and `UNKNOWN` users of a finished one, with the same apps and reason. Needs the scope `users:kick`, and for a job of somebody else `kicks:read` too.',
  })
  async retryKickJob(
    @Arg('id', () => ID, { description: 'The finished job.' }) id: string,
    @Arg('idempotencyKey', () => ID, { description: 'As for `startKickJob`; a new one for each retry that is meant.' })
    idempotencyKey: string,
    @Ctx() context: RequestContext,
  ): Promise<typeof StartKickJobPayload> {
    const caller = callerOf(context);
    const job = await this.reads.get(id, caller);
    return new StartKickJobSuccess(await this.service.retry(job, checkKey(idempotencyKey), caller));
  }

  @NeedsScope(Scope.KICK, Scope.READ)
  @FailuresAsError()
  @Query(() => KickJob, {
    nullable: true,
    description:
      "One job; null when there is none, or it is not for the caller to see. Needs the scope `kicks:read`, or `users:kick` for a job of one's own.",
  })
  async kickJob(
    @Arg('id', () => ID, { description: 'The job.' }) id: string,
    @Ctx() context: RequestContext,
  ): Promise<KickJob | null> {
    const job = await this.reads.find(id, callerOf(context));
    return job === undefined ? null : toKickJob(job);
  }

  @NeedsScope(Scope.KICK, Scope.READ)
  @FailuresAsError()
  @Query(() => KickJobConnection, {
    description:
      "Jobs, newest first: everybody's with the scope `kicks:read`, the caller's own with `users:kick` alone.",
  })
  async kickJobs(
    @Arg('first', () => Int, { defaultValue: 20, description: 'How many jobs at most: 1 to 100.' }) first: number,
    @Arg('after', () => String, { nullable: true, description: 'Go on behind this cursor.' }) after: string | null,
    @Ctx() context: RequestContext,
  ): Promise<KickJobConnection> {
    const page = pageRequest(first, after);
    const rows = await this.reads.list(callerOf(context), page.after, page.first + 1);
    return toConnection(rows, page, ({ position }) => position, toKickJob);
  }
}
