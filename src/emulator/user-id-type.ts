/** The eight kinds of user id, as spelt on the wire (OpenAPI `KickUsersOptionsDto.userIdType`, 2023-11). */
export const USER_ID_TYPES = [
  'user_id',
  'external_id',
  'phone',
  'email',
  'username',
  'identity',
  'sync_relation',
  'custom_field',
] as const;
export type UserIdType = (typeof USER_ID_TYPES)[number];

export function isUserIdType(value: unknown): value is UserIdType {
  return USER_ID_TYPES.some((type) => type === value);
}

// Only these two are known to be checked for their form (get-user in the SDK's own tests).
const FORMS: Partial<Record<UserIdType, RegExp>> = { email: /^[^\s@]+@[^\s@]+\.[^\s@]+$/, phone: /^\+?\d{5,20}$/ };

/** Whether the id has the form that its type asks for; an unknown user is another matter. */
export function isWellFormedId(type: UserIdType, id: string): boolean {
  return FORMS[type]?.test(id) ?? true;
}
