import type { DirectoryUser } from './directory';
import { findUser, readFlag, readIds, readUserId, readUserIdType, type Endpoint, type Params } from './input';
import { malformed } from './refusal';
import type { UserIdType } from './user-id-type';

/** GET /api/v3/get-user. */
export const getUser: Endpoint = (params, context) => {
  const type = readUserIdType(params['userIdType'], context);
  return showUser(findUser(type, readUserId(params['userId'], type, context), context), params);
};

/** GET /api/v3/get-user-batch: 1 to 50 users. Unknown ones are left out (assumed). */
export const getUserBatch: Endpoint = (params, context) => {
  const type = readUserIdType(params['userIdType'], context);
  const named = params['userIds'];
  const ids = readIds(typeof named === 'string' ? [named] : named, 'userIds', context);
  const users = ids.flatMap((id) => context.directory.findUser(type, id) ?? []);
  return users.map((user) => showUser(user, params));
};

const EXISTS_FIELDS: readonly (readonly [field: string, type: UserIdType])[] = [
  ['username', 'username'],
  ['email', 'email'],
  ['phone', 'phone'],
  ['externalId', 'external_id'],
];

/** POST /api/v3/is-user-exists: is there a user with any of the given names? A missing one is no error. */
export const isUserExists: Endpoint = (params, { directory, options }) => {
  const given = EXISTS_FIELDS.filter(([field]) => typeof params[field] === 'string' && params[field] !== '');
  if (given.length === 0) throw malformed(EXISTS_FIELDS.map(([field]) => field).join(', '), options);
  return { exists: given.some(([field, type]) => directory.findUser(type, String(params[field])) !== undefined) };
};

/** `UserDto` of the OpenAPI: its required fields, the common optional ones, and what the flags ask for. */
export function showUser(user: DirectoryUser, flags: Params): Record<string, unknown> {
  const [extIdpId, userIdInIdp] = user.ids.identity.split(':');
  const identity = { identityId: `${user.userId}-1`, extIdpId, provider: 'lark', type: 'openid', userIdInIdp };
  return {
    userId: user.userId,
    createdAt: user.createdAt,
    updatedAt: user.createdAt,
    status: 'Activated',
    workStatus: 'Active',
    gender: 'U',
    emailVerified: true,
    phoneVerified: true,
    userSourceType: 'adminCreated',
    externalId: user.ids.external_id,
    email: user.ids.email,
    phone: user.ids.phone,
    phoneCountryCode: user.phoneCountryCode,
    username: user.ids.username,
    name: user.name,
    ...(readFlag(flags['withDepartmentIds']) && { departmentIds: [] }),
    ...(readFlag(flags['withIdentities']) && { identities: [{ ...identity, userInfoInIdp: {}, originConnIds: [] }] }),
    ...(readFlag(flags['withCustomData']) && { customData: user.customData }),
    ...(readFlag(flags['flatCustomData']) && user.customData),
  };
}
