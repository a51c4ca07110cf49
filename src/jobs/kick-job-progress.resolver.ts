import { GraphQLError } from 'graphql';
import { Arg, Resolver, Root, Subscription } from 'type-graphql';
import { ID } from '../graphql/id';
import { NeedsScope } from '../auth/needs-scope';
import { Scope } from '../auth/scope';
import { ErrorCode } from '../errors';
import { callerOf, type RequestContext } from '../context';
import { FailuresAsError } from '../graphql/failures-as-error';
import { type KickJobReadsService } from './kick-job-reads.service';
import { KickJobProgress } from './kick-job.type';
import { ProgressEvents } from './progress-events';
import { type ProgressFeed } from './progress-feed';

/** A subscription's source is out of reach of the resolver's instance, so what it is made from comes with the request. */
export interface StreamContext extends RequestContext {
  progress: { reads: KickJobReadsService; feed: ProgressFeed };
}

async function watchJob(id: string, context: StreamContext): Promise<AsyncIterable<KickJobProgress>> {
  const { reads, feed } = context.progress;
  const caller = callerOf(context);
  const job = await reads.find(id, caller);
  if (job === undefined) {
    const message = 'There is no such job, or it is not yours to see.';
    throw new GraphQLError(message, { extensions: { code: ErrorCode.JOB_NOT_FOUND } });
  }
  return new ProgressEvents(feed, job.id, caller.principal.untilMs);
}

@Resolver()
export class KickJobProgressResolver {
  @NeedsScope(Scope.KICK, Scope.READ)
  @FailuresAsError()
  @Subscription(() => KickJobProgress, {
    description:
      'The progress of a job, now and whenever it changes, at most four times a second; the last event is the final count, and then the stream completes. One that ends without has lost its gateway, or the token has expired: subscribe again. Who may see the job may watch it.',
    subscribe: ({ args, context }: { args: { id?: unknown }; context: StreamContext }) =>
      watchJob(String(args.id), context),
  })
  kickJobProgress(
    @Root() progress: KickJobProgress,
    @Arg('id', () => ID, { description: 'The job.' }) _id: string,
  ): KickJobProgress {
    return progress;
  }
}
