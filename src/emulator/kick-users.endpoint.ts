import {
  findApp,
  findUser,
  readIds,
  readOptions,
  readUserId,
  readUserIdType,
  type Endpoint,
  type EndpointContext,
} from './input';
import { malformed } from './refusal';

/**
 * POST /api/v3/kick-users: ends one user's sessions in 1 to 50 apps. Order of the checks, assumed: form of the body, user, apps; and
 * nothing is ended unless all of them pass.
 */
export const kickUsers: Endpoint = (params, context) => {
  const { directory, options } = context;
  const type = readUserIdType(readOptions(params)['userIdType'], context);
  const id = readUserId(params['userId'], type, context);
  const named = readIds(params['appIds'], 'appIds', context);
  const appIds = new Set(named);
  if (options.duplicateAppIds === 'reject' && appIds.size < named.length) {
    throw malformed('appIds', options, "All appIds's elements must be unique");
  }

  if (options.lookupOrder === 'app-first') checkApps(appIds, context);
  const { userId } = findUser(type, id, context);
  checkApps(appIds, context);

  const ended = [...appIds].filter((appId) => directory.signOut(userId, appId));
  return { success: ended.length > 0 || options.notSignedIn === 'success' };
};

function checkApps(appIds: ReadonlySet<string>, context: EndpointContext): void {
  if (context.options.unknownApp === 'skip') return;
  for (const appId of appIds) findApp(appId, context);
}
