import { GraphQLDateTime } from 'graphql-scalars';
import { Field, Int, ObjectType } from 'type-graphql';
import { ID } from '../graphql/id';
import { ErrorCode } from '../errors';
import { PageInfo } from '../graphql/page-info.type';
import { KickReason } from '../kick/kick-reason.enum';
import { UserIdType } from '../kick/user-id-type.enum';
import type { JobRow } from './kick-job.repository';
import { KickJobState } from './kick-job-state.enum';
import type { OutcomeRow, Progress } from './kick-outcome.repository';
import { KickOutcomeState } from './kick-outcome-state.enum';

@ObjectType({
  simpleResolvers: true,
  description: 'How many users of a job are in which state. Counted from the outcomes, each time.',
})
export class KickJobProgress implements Progress {
  @Field(() => Int, { description: 'All users of the job.' })
  total!: number;

  @Field(() => Int, { description: 'Not settled yet.' })
  pending!: number;

  @Field(() => Int, { description: 'Out of all apps.' })
  kicked!: number;

  @Field(() => Int, {
    description: 'Clearly not, or not of all apps; with `verify`, also users who were still seen online.',
  })
  failed!: number;

  @Field(() => Int, { description: 'Sent, and never clear: for a person to decide.' })
  unknown!: number;

  @Field(() => Int, { description: 'Nothing, or nothing more, was sent: duplicates, and users of a cancelled job.' })
  skipped!: number;
}

@ObjectType({ simpleResolvers: true, description: 'What became of one user of a job.' })
export class KickOutcome {
  @Field(() => ID, { description: 'The user, as the job names them; empty once personal data has been erased.' })
  userId!: string;

  @Field(() => KickOutcomeState, { description: 'What became of them.' })
  state!: KickOutcomeState;

  @Field(() => ErrorCode, {
    nullable: true,
    description:
      'Why not, from the same list as for a single kick; null when no call failed, as for a user whom `verify` still finds online.',
  })
  code!: ErrorCode | null;

  @Field(() => String, { nullable: true, description: 'For people to read: why not, or what else there is to know.' })
  message!: string | null;

  @Field(() => Int, { description: 'How often a call for this user was sent, or was about to be.' })
  attempts!: number;

  @Field(() => GraphQLDateTime, { nullable: true, description: 'When it was settled.' })
  finishedAt!: Date | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'With `verify`: whether the user was read to be offline; null if not asked for, or not read.',
  })
  verifiedOffline!: boolean | null;
}

@ObjectType({ simpleResolvers: true, description: 'One user in a page.' })
export class KickOutcomeEdge {
  @Field(() => String, { description: 'Where the user lies, for `after`.' })
  cursor!: string;

  @Field(() => KickOutcome, { description: 'The user and what became of them.' })
  node!: KickOutcome;
}

@ObjectType({ simpleResolvers: true, description: "A page of a job's users, in the order of its list." })
export class KickOutcomeConnection {
  @Field(() => [KickOutcomeEdge], { description: 'The users of this page.' })
  edges!: KickOutcomeEdge[];

  @Field(() => PageInfo, { description: 'Where this page lies.' })
  pageInfo!: PageInfo;
}

@ObjectType({
  simpleResolvers: true,
  description: 'A list of users being forced offline, surviving crashes, with an outcome for each.',
})
export class KickJob {
  @Field(() => ID, { description: "The job's id." })
  id!: string;

  @Field(() => KickJobState, { description: 'How far it has come.' })
  state!: KickJobState;

  @Field(() => [ID], { description: 'The apps that its users are forced out of.' })
  appIds!: string[];

  @Field(() => UserIdType, { description: 'What kind of identifier each of its users is named by.' })
  userIdType!: UserIdType;

  @Field(() => Boolean, { description: 'Whether users are read back after they were kicked.' })
  verify!: boolean;

  @Field(() => ID, {
    nullable: true,
    description: 'The id of the job whose FAILED and UNKNOWN users it tries again; null: it has a list of its own.',
  })
  retryOf!: string | null;

  @Field(() => KickReason, { description: 'Why, as its caller gave it.' })
  reason!: KickReason;

  @Field(() => String, { nullable: true, description: 'The incident or ticket, as its caller gave it.' })
  ticket!: string | null;

  @Field(() => String, { description: "Who started it: the `sub` of the caller's token." })
  startedBy!: string;

  @Field(() => GraphQLDateTime, { description: 'When it was accepted.' })
  createdAt!: Date;

  @Field(() => GraphQLDateTime, { nullable: true, description: 'When its last user was settled.' })
  finishedAt!: Date | null;

  /** Not a field of the schema: what the other fields are made from. */
  row!: JobRow;
}

@ObjectType({ simpleResolvers: true, description: 'One job in a page.' })
export class KickJobEdge {
  @Field(() => String, { description: 'Where the job lies, for `after`.' })
  cursor!: string;

  @Field(() => KickJob, { description: 'The job.' })
  node!: KickJob;
}

@ObjectType({ simpleResolvers: true, description: 'A page of jobs, newest first.' })
export class KickJobConnection {
  @Field(() => [KickJobEdge], { description: 'The jobs of this page.' })
  edges!: KickJobEdge[];

  @Field(() => PageInfo, { description: 'Where this page lies.' })
  pageInfo!: PageInfo;
}

export function toKickJob(row: JobRow): KickJob {
  return Object.assign(new KickJob(), {
    id: row.id,
    state: row.state,
    appIds: row.app_ids,
    userIdType: row.user_id_type,
    verify: row.verify,
    retryOf: row.retry_of,
    reason: row.reason,
    ticket: row.ticket,
    startedBy: row.subject,
    createdAt: row.created_at,
    finishedAt: row.finished_at,
    row,
  });
}

export const toKickOutcome = (row: OutcomeRow): KickOutcome => ({
  userId: row.user_id ?? '',
  state: row.state,
  code: row.code,
  message: row.message,
  attempts: row.attempts,
  finishedAt: row.finished_at,
  verifiedOffline: row.verified_offline,
});
