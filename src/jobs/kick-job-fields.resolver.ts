import { GraphQLDateTime } from 'graphql-scalars';
import { Arg, FieldResolver, Int, Resolver, Root, UseMiddleware } from 'type-graphql';
import { failuresAsError } from '../graphql/failures-as-error';
import { LARGEST_LINE, pageRequest, toConnection } from '../graphql/connection';
import { type KickJobReadsService } from './kick-job-reads.service';
import { KickJob, KickJobProgress, KickOutcomeConnection, toKickOutcome } from './kick-job.type';
import { KickOutcomeState } from './kick-outcome-state.enum';

/** The fields of a job that have to be looked up. Whether the caller may see the job was decided where it came from. */
@Resolver(() => KickJob)
@UseMiddleware(failuresAsError)
export class KickJobFieldsResolver {
  constructor(private readonly reads: KickJobReadsService) {}

  @FieldResolver(() => KickJobProgress, { description: 'How many users are in which state.' })
  progress(@Root() { row }: KickJob): Promise<KickJobProgress> {
    return this.reads.progress(row);
  }

  @FieldResolver(() => String, {
    nullable: true,
    description: 'Why nothing is sent at the moment, though the job is not finished; null when nothing holds it up.',
  })
  pausedReason(@Root() { row }: KickJob): Promise<string | null> {
    return this.reads.pausedReason(row);
  }

  @FieldResolver(() => GraphQLDateTime, {
    nullable: true,
    description: 'When it will be finished at the pace of the moment; null when it is, or is paused.',
  })
  estimatedFinishAt(@Root() { row }: KickJob): Promise<Date | null> {
    return this.reads.estimatedFinishAt(row);
  }

  @FieldResolver(() => KickOutcomeConnection, {
    description: 'What became of each user, in the order of the list.',
  })
  async outcomes(
    @Root() { row }: KickJob,
    @Arg('first', () => Int, { defaultValue: 50, description: 'How many users at most: 1 to 100.' }) first: number,
    @Arg('after', () => String, { nullable: true, description: 'Go on behind this cursor.' }) after: string | null,
    @Arg('state', () => KickOutcomeState, { nullable: true, description: 'Only users in this state.' })
    state: KickOutcomeState | null,
  ): Promise<KickOutcomeConnection> {
    const page = pageRequest(first, after, LARGEST_LINE);
    const rows = await this.reads.outcomes(row, state ?? null, Number(page.after ?? -1), page.first + 1);
    return toConnection(rows, page, ({ line }) => String(line), toKickOutcome);
  }
}
