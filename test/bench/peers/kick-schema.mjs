/** The single kick's part of the gateway's schema, from the file that the gateway publishes. */
import { readFileSync } from 'node:fs';
import { buildSchema, Kind, parse, print } from 'graphql';

const NEEDED = new Set([
  ...['UserIdType', 'KickReason', 'KickUsersOptionsInput', 'KickUsersInput', 'KickUsersPayload', 'KickUsersSuccess'],
  ...['KickUsersError', 'MutationError', 'FieldError', 'KickErrorCode'],
]);

const document = parse(readFileSync(new URL('../../../schema/schema.graphql', import.meta.url), 'utf8'));
const types = document.definitions
  .filter(({ name }) => NEEDED.has(name?.value))
  .map((node) => {
    // Enum values must serialise as they are; nothing else is needed.
    return node.kind === Kind.SCALAR_TYPE_DEFINITION ? '' : print(node);
  });

export const kickSdl = `${types.join('\n')}
type Query { ready: Boolean! }
type Mutation { kickUsers(input: KickUsersInput!): KickUsersPayload! }`;
buildSchema(kickSdl);

/** Enum values of the schema, as GenAuth spells them. */
export const wireType = (userIdType = 'USER_ID') => userIdType.toLowerCase();
