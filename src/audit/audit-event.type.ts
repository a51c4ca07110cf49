import { GraphQLDateTime } from 'graphql-scalars';
import { Field, Int, ObjectType } from 'type-graphql';
import { ID } from '../graphql/id';
import { PageInfo } from '../graphql/page-info.type';
import { KickReason } from '../kick/kick-reason.enum';
import { UserIdType } from '../kick/user-id-type.enum';
import { AuditAction } from './audit-action.enum';
import type { AuditRow } from './audit-record';

@ObjectType({ simpleResolvers: true, description: 'Whom an audited action was about.' })
export class AuditTarget {
  @Field(() => UserIdType, { description: 'What kind of identifier `userId` is.' })
  userIdType!: UserIdType;

  @Field(() => ID, {
    nullable: true,
    description: 'The user, as the caller named them; null once personal data of this record has been erased.',
  })
  userId!: string | null;
}

@ObjectType({ simpleResolvers: true, description: 'One record of the audit trail. Records are only ever added.' })
export class AuditEvent {
  @Field(() => ID, { description: 'The id of this record; what `auditId` of a payload names.' })
  id!: string;

  @Field(() => GraphQLDateTime, { description: 'When it happened, by the clock of the gateway.' })
  time!: Date;

  @Field(() => AuditAction, { description: 'What happened.' })
  action!: AuditAction;

  @Field(() => String, {
    description:
      "Who asked for it: the `sub` of the caller's token. With the issuer `local`: `gateway`, `operator`, or `developer` where callers need no token.",
  })
  actor!: string;

  @Field(() => String, { description: 'Who vouches for the caller: the `iss` of the token.' })
  issuer!: string;

  @Field(() => ID, { description: "The gateway's id of the request, as in its log and in `x-request-id`." })
  requestId!: string;

  @Field(() => ID, {
    nullable: true,
    description:
      'For an outcome: the id of the `KICK_REQUESTED` record that it belongs to, which may stand in the log only where kicks go ahead without their record.',
  })
  follows!: string | null;

  @Field(() => ID, { nullable: true, description: 'The job that this belongs to, if any.' })
  jobId!: string | null;

  @Field(() => KickReason, { nullable: true, description: 'Why, as the caller gave it.' })
  reason!: KickReason | null;

  @Field(() => String, { nullable: true, description: 'The incident or ticket, as the caller gave it.' })
  ticket!: string | null;

  @Field(() => AuditTarget, { nullable: true, description: 'The user that it was about, if it was about one.' })
  target!: AuditTarget | null;

  @Field(() => [ID], { nullable: true, description: 'The apps that the user was to be forced out of.' })
  appIds!: string[] | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'For an outcome: true if GenAuth said yes clearly, false if not; null for everything else.',
  })
  succeeded!: boolean | null;

  @Field(() => String, {
    nullable: true,
    description:
      'For a failure or refusal: its code, as callers were told; `HUNG_UP`: the caller had gone before anything was sent, and was told nothing; `UNEXPECTED` is a bug of the gateway.',
  })
  code!: string | null;

  @Field(() => Boolean, {
    nullable: true,
    description:
      'For a failure, and for a job whose acceptance or cancelling was not confirmed: whether it may have taken effect.',
  })
  mayHaveTakenEffect!: boolean | null;

  @Field(() => ID, { nullable: true, description: "GenAuth's own id of its request, for its support." })
  upstreamRequestId!: string | null;

  @Field(() => Int, { nullable: true, description: 'For an outcome: milliseconds from the request to it.' })
  durationMs!: number | null;

  @Field(() => String, { nullable: true, description: 'A few facts of this action only, as JSON.' })
  details!: string | null;

  @Field(() => String, { description: 'SHA-256 over this record and the `hash` of the one before it in its chain.' })
  hash!: string;
}

@ObjectType({ simpleResolvers: true, description: 'One record in a page.' })
export class AuditEventEdge {
  @Field(() => String, { description: 'Where the record lies, for `after`.' })
  cursor!: string;

  @Field(() => AuditEvent, { description: 'The record.' })
  node!: AuditEvent;
}

@ObjectType({ simpleResolvers: true, description: 'A page of the audit trail, newest record first.' })
export class AuditEventConnection {
  @Field(() => [AuditEventEdge], { description: 'The records of this page.' })
  edges!: AuditEventEdge[];

  @Field(() => PageInfo, { description: 'Where this page lies.' })
  pageInfo!: PageInfo;
}

/** The word of a closed list that a row holds. While gateways are upgraded, a newer one may have written one of its own. */
const wordOf = <Word extends string>(words: Readonly<Record<string, Word>>, value: string): Word | undefined =>
  Object.values(words).find((candidate) => candidate === value);

/** GenAuth's list is as long as it has been from the start. */
function idTypeOf(value: string): UserIdType {
  const type = wordOf(UserIdType, value);
  if (type === undefined) throw new Error('An audit record holds a type of id that this release does not know.');
  return type;
}

const SUCCEEDED: Partial<Record<AuditAction, boolean>> = { KICK_SUCCEEDED: true, KICK_FAILED: false };

export function toAuditEvent(row: AuditRow): AuditEvent {
  const action = wordOf(AuditAction, row.action) ?? AuditAction.OTHER;
  const target = row.target_type === null ? null : { userIdType: idTypeOf(row.target_type), userId: row.target_id };
  return {
    id: row.id,
    time: row.time,
    action,
    actor: row.actor,
    issuer: row.issuer,
    requestId: row.request_id,
    follows: row.follows,
    jobId: row.job_id,
    reason: row.reason === null ? null : (wordOf(KickReason, row.reason) ?? KickReason.OTHER),
    ticket: row.ticket,
    target,
    appIds: row.app_ids,
    succeeded: SUCCEEDED[action] ?? null,
    code: row.code,
    mayHaveTakenEffect: row.may_have_taken_effect,
    upstreamRequestId: row.upstream_request_id,
    durationMs: row.duration_ms,
    details: row.details,
    hash: row.hash,
  };
}
