import { registerEnumType } from 'type-graphql';

/** The values are GenAuth's own spellings, so an input needs no mapping on its way to the wire. */
export const UserIdType = {
  USER_ID: 'user_id',
  EXTERNAL_ID: 'external_id',
  PHONE: 'phone',
  EMAIL: 'email',
  USERNAME: 'username',
  IDENTITY: 'identity',
  SYNC_RELATION: 'sync_relation',
  CUSTOM_FIELD: 'custom_field',
} as const;
export type UserIdType = (typeof UserIdType)[keyof typeof UserIdType];

registerEnumType(UserIdType, {
  name: 'UserIdType',
  description: 'What kind of identifier `userId` is, or each of the `userIds` of a job. GenAuth looks users up by it.',
  valuesConfig: {
    USER_ID: { description: "GenAuth's own id of the user, for example `6319a1504f3xxxxf214dd5b7`." },
    EXTERNAL_ID: { description: "The user's id in your own system: GenAuth's `externalId` field." },
    PHONE: { description: 'Phone number: digits, with an optional leading `+`, as it is stored in GenAuth.' },
    EMAIL: { description: 'E-mail address.' },
    USERNAME: { description: 'User name, unique within the user pool.' },
    IDENTITY: { description: 'Account at an external identity provider: `<extIdpId>:<userIdInIdp>`.' },
    SYNC_RELATION: {
      description:
        'Account at a directory that users are synchronised from: `<provider>:<userIdInIdp>`, such as `lark:ou_8bae7`.',
    },
    CUSTOM_FIELD: {
      description:
        'A custom field of the user. GenAuth lists this kind but documents no format; it is passed on as given.',
    },
  },
});
