import { ArrayMaxSize, ArrayNotEmpty } from 'class-validator';
import { Field, InputType } from 'type-graphql';
import { ID } from '../graphql/id';
import { EachObeys, notRepeated, Obeys } from '../graphql/obeys';
import { MAX_APPS_PER_CALL } from './apps-per-call';
import { brokenIdRule, brokenTextRule, brokenUserIdRule, MAX_TICKET_LENGTH } from './id-rules.input';
import type { KickRequest } from './kick-users.service';
import { KickReason } from './kick-reason.enum';
import { UserIdType } from './user-id-type.enum';

@InputType({ description: 'How to read the other fields of a kick.' })
export class KickUsersOptionsInput {
  @Field(() => UserIdType, {
    defaultValue: UserIdType.USER_ID,
    description: 'What kind of identifier `userId` is, or each of the `userIds` of a job.',
  })
  userIdType!: UserIdType;
}

/** The kind of id that an input means: `options` may be left out, or be an explicit null. */
export const userIdTypeOf = (owner: { options?: KickUsersOptionsInput | null }): UserIdType =>
  owner.options?.userIdType ?? UserIdType.USER_ID;

@InputType({ description: 'One user to force offline, and the apps to force the user out of.' })
export class KickUsersInput implements KickRequest {
  @Field(() => ID, {
    description: 'The one user to force offline: at most 256 characters. What it means follows `options.userIdType`.',
  })
  @Obeys('isUserId', (value, owner) =>
    brokenUserIdRule(value, owner instanceof KickUsersInput ? owner.userIdType : UserIdType.USER_ID),
  )
  userId!: string;

  @Field(() => [ID], { description: 'Ids of the apps to force the user out of: 1 to 50, no blanks, no duplicates.' })
  @ArrayNotEmpty({ message: 'appIds must name at least one app' })
  @ArrayMaxSize(MAX_APPS_PER_CALL, { message: `appIds must name at most ${MAX_APPS_PER_CALL} apps` })
  @EachObeys('isAppId', brokenIdRule)
  @EachObeys('isUnique', notRepeated())
  appIds!: string[];

  @Field(() => KickUsersOptionsInput, {
    nullable: true,
    description: 'How to read `userId`; left out, it is a `USER_ID`.',
  })
  options?: KickUsersOptionsInput | null;

  @Field(() => KickReason, { nullable: true, description: 'Why, for the record. Never sent to GenAuth.' })
  reason?: KickReason | null;

  @Field(() => String, {
    nullable: true,
    description:
      'The incident or ticket this belongs to, for the record: at most 200 characters. Never sent to GenAuth, and never erased: no personal data.',
  })
  @Obeys('isTicket', (value) => brokenTextRule(value, MAX_TICKET_LENGTH))
  ticket?: string | null;

  /** Not a field of the schema: the command that the service takes. */
  get userIdType(): UserIdType {
    return userIdTypeOf(this);
  }
}
