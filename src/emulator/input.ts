import { asRecord } from './call';
import type { Directory, DirectoryApp, DirectoryUser } from './directory';
import type { EmulatorOptions } from './options';
import { malformed, refuse } from './refusal';
import { isUserIdType, isWellFormedId, type UserIdType } from './user-id-type';

/** What an endpoint works with. */
export interface EndpointContext {
  directory: Directory;
  options: EmulatorOptions;
}

export type Params = Readonly<Record<string, unknown>>;

/** Takes the parameters, returns the envelope's `data`, throws a Refusal. */
export type Endpoint = (params: Params, context: EndpointContext) => unknown;

/** Ids an endpoint takes at once, and entries on a page: OpenAPI `maxItems` and `limit`. */
export const MAX_ITEMS = 50;

/** The type of the ids in this call; default `user_id`. */
export function readUserIdType(value: unknown, { options }: EndpointContext): UserIdType {
  const type = value ?? 'user_id';
  if (!isUserIdType(type)) throw malformed('userIdType', options, 'must be a valid enum value');
  return type;
}

/** A user id of the right form; whether the user exists is asked later. */
export function readUserId(value: unknown, type: UserIdType, { options }: EndpointContext): string {
  if (typeof value !== 'string' || value.trim() === '') throw malformed('userId', options, 'should not be empty');
  if (!isWellFormedId(type, value)) throw malformed('userId', options);
  return value;
}

export function readAppId(value: unknown, { options }: EndpointContext): string {
  if (typeof value !== 'string' || value.trim() === '') throw malformed('appId', options, 'should not be empty');
  return value;
}

/** A list of 1 to 50 non-blank ids. */
export function readIds(value: unknown, field: string, { options }: EndpointContext): readonly string[] {
  if (!Array.isArray(value)) throw malformed(field, options, 'must be an array');
  if (value.length === 0) throw malformed(field, options, 'must contain at least 1 elements');
  // No source has a text for too many: by analogy with too few, the text of the malformed field.
  if (value.length > MAX_ITEMS) throw malformed(field, options, `must contain no more than ${MAX_ITEMS} elements`);
  const ids = value.filter((id): id is string => typeof id === 'string' && id.trim() !== '');
  if (ids.length < value.length) throw malformed(field, options, 'must be an array of non-empty strings');
  return ids;
}

/** `page` from 1, `limit` 1 to 50, default 10: one rule for all lists. */
export function readPage(params: Params, { options }: EndpointContext): { start: number; end: number } {
  const page = Number(params['page'] ?? 1);
  const limit = Number(params['limit'] ?? 10);
  if (!Number.isInteger(page) || page < 1) throw malformed('page', options, 'must not be less than 1');
  if (!Number.isInteger(limit) || limit < 1) throw malformed('limit', options, 'must not be less than 1');
  if (limit > MAX_ITEMS) {
    const isOlder = options.validationMessages !== 'class-validator';
    throw isOlder
      ? refuse('limitTooBig', options)
      : malformed('limit', options, `must not be greater than ${MAX_ITEMS}`);
  }
  return { start: (page - 1) * limit, end: page * limit };
}

/** A flag of a query (`"true"`) or of a body (`true`). */
export function readFlag(value: unknown): boolean {
  return value === true || value === 'true';
}

/** The `options` object of a body. */
export function readOptions(params: Params): Params {
  return asRecord(params['options']);
}

export function findUser(type: UserIdType, id: string, { directory, options }: EndpointContext): DirectoryUser {
  const user = directory.findUser(type, id);
  if (user === undefined) throw refuse('userNotFound', options);
  return user;
}

export function findApp(appId: string, { directory, options }: EndpointContext): DirectoryApp {
  const app = directory.findApp(appId);
  if (app === undefined) throw refuse('appNotFound', options);
  return app;
}
