import { ArrayMaxSize, ArrayNotEmpty } from 'class-validator';
import { Field, InputType } from 'type-graphql';
import { ID } from '../graphql/id';
import { EachObeys, notRepeated, Obeys } from '../graphql/obeys';
import { brokenIdRule, brokenTextRule, brokenUserIdRule, MAX_TICKET_LENGTH } from '../kick/id-rules.input';
import { KickUsersOptionsInput, userIdTypeOf } from '../kick/kick-users.input';
import { KickReason } from '../kick/kick-reason.enum';
import { UserIdType } from '../kick/user-id-type.enum';
import type { JobRequest } from './kick-job.service';

const MAX_USERS = 10_000;
const MAX_APPS = 500;

@InputType({ description: 'Many users to force offline, the apps to force them out of, and why.' })
export class StartKickJobInput implements JobRequest {
  @Field(() => [ID], {
    description:
      'The users, in the order to work through: 1 to 10 000, each at most 256 characters. What they mean follows `options.userIdType`. A user named twice is kicked once; the second is `SKIPPED`.',
  })
  @ArrayNotEmpty({ message: 'userIds must name at least one user' })
  @ArrayMaxSize(MAX_USERS, { message: `userIds must name at most ${MAX_USERS} users` })
  @EachObeys('areUserIds', (value, owner) =>
    brokenUserIdRule(value, owner instanceof StartKickJobInput ? owner.userIdType : UserIdType.USER_ID),
  )
  userIds!: string[];

  @Field(() => [ID], {
    description: 'Ids of the apps to force the users out of: 1 to 500, no blanks, no duplicates. 50 go into one call.',
  })
  @ArrayNotEmpty({ message: 'appIds must name at least one app' })
  @ArrayMaxSize(MAX_APPS, { message: `appIds must name at most ${MAX_APPS} apps` })
  @EachObeys('areAppIds', brokenIdRule)
  @EachObeys('areUnique', notRepeated())
  appIds!: string[];

  @Field(() => KickUsersOptionsInput, {
    nullable: true,
    description: 'How to read `userIds`; left out, they are `USER_ID`s.',
  })
  options?: KickUsersOptionsInput | null;

  @Field(() => KickReason, { description: 'Why, for the record. Never sent to GenAuth.' })
  reason!: KickReason;

  @Field(() => String, {
    nullable: true,
    description:
      'The incident or ticket this belongs to, for the record: at most 200 characters. Never sent to GenAuth, and never erased: no personal data.',
  })
  @Obeys('isTicket', (value) => brokenTextRule(value, MAX_TICKET_LENGTH))
  ticket?: string | null;

  @Field(() => ID, {
    description:
      'A text of yours, at most 256 characters: the same key and input give the same job, however often you ask; the same key with another input is an error, and so is any input once the first one has been erased (`audit:erase`). Keys are yours alone.',
  })
  @Obeys('isIdempotencyKey', brokenIdRule)
  idempotencyKey!: string;

  @Field(() => Boolean, {
    defaultValue: false,
    description: 'Read back after each kick whether the user is really offline; costs at least one more call an app.',
  })
  verify!: boolean;

  /** Not a field of the schema: the request that the service takes. */
  get userIdType(): UserIdType {
    return userIdTypeOf(this);
  }
}
