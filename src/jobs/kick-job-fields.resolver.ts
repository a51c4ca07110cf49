import { GraphQLDateTime } from 'graphql-scalars';
import { Arg, Ctx, FieldResolver, Int, Resolver, Root } from 'type-graphql';
import { callerOf, type RequestContext } from '../context';
import { FailuresAsError } from '../graphql/failures-as-error';
import { LARGEST_LINE, pageRequest, toConnection } from '../graphql/connection';
import { type KickJobReadsService } from './kick-job-reads.service';
import { KickJob, KickJobProgress, KickOutcomeConnection, toKickOutcome } from './kick-job.type';
import { KickOutcomeState } from './kick-outcome-state.enum';

/** The fields of a job that have to be looked up. Whether the caller may see the job was decided where it came from. */
@Resolver(() => KickJob)
export class KickJobFieldsResolver {
  constructor(private readonly reads: KickJobReadsService) {}

  @FailuresAsError()
  @FieldResolver(() => KickJobProgress, { description: 'How many users are in which state.' })
  progress(@Root() { row }: KickJob, @Ctx() context: RequestContext): Promise<KickJobProgress> {
    return this.reads.progress(row, callerOf(context));
  }

  @FailuresAsError()
  @FieldResolver(() => String, {
    nullable: true,
    description: 'Why nothing is sent at the moment, though the job is not finished; null when nothing holds it up.',
  })
  pausedReason(@Root() { row }: KickJob, @Ctx() context: RequestContext): Promise<string | null> {
    return this.reads.pausedReason(row, callerOf(context));
  }

  @FailuresAsError()
  @FieldResolver(() => GraphQLDateTime, {
    nullable: true,
    description:
      'When it will be finished at the pace of the moment, which all jobs under way share; later if more are started. Null when it is finished, or paused.',
  })
  estimatedFinishAt(@Root() { row }: KickJob, @Ctx() context: RequestContext): Promise<Date | null> {
    return this.reads.estimatedFinishAt(row, callerOf(context));
  }

  @FailuresAsError()
  @FieldResolver(() => KickOutcomeConnection, {
    description: 'What became of each user, in the order of the list.',
  })
  async outcomes(
    @Root() { row }: KickJob,
    @Arg('first', () => Int, { defaultValue: 50, description: 'How many users at most: 1 to 100.' }) first: number,
    @Arg('after', () => String, { nullable: true, description: 'Go on behind this cursor.' }) after: string | null,
    @Arg('state', () => KickOutcomeState, { nullable: true, description: 'Only users in this state.' })
    state: KickOutcomeState | null,
    @Ctx() context: RequestContext,
  ): Promise<KickOutcomeConnection> {
    const page = pageRequest(first, after, LARGEST_LINE);
    const wanted = { state: state ?? null, after: Number(page.after ?? -1), limit: page.first + 1 };
    const rows = await this.reads.outcomes(row, wanted, callerOf(context));
    return toConnection(rows, page, ({ line }) => String(line), toKickOutcome);
  }
}
