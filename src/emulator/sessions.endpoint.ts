import { showUser } from './users.endpoint';
import {
  findApp,
  findUser,
  readAppId,
  readOptions,
  readPage,
  readUserId,
  readUserIdType,
  type Endpoint,
} from './input';
import { asRecord } from './call';

/** POST /api/v3/check-session-status: is the user (always by `user_id`) signed in to the app? */
export const checkSessionStatus: Endpoint = (params, context) => {
  const { directory, options } = context;
  const userId = readUserId(params['userId'], 'user_id', context);
  const appId = readAppId(params['appId'], context);
  if (options.unknownInSessionCheck === 'reject') {
    findUser('user_id', userId, context);
    findApp(appId, context);
  }
  const endedAtMs = directory.sessions.endedAt(userId, appId) ?? -Infinity;
  const stillSeemsActive = options.now() - endedAtMs < options.sessionEndLagMs;
  return { active: directory.isOnline(userId, appId) || stillSeemsActive };
};

/** GET /api/v3/get-user-loggedin-apps: apps the user has EVER signed in to; a kick takes none away. */
export const getUserLoggedinApps: Endpoint = (params, context) => {
  const type = readUserIdType(params['userIdType'], context);
  const { userId } = findUser(type, readUserId(params['userId'], type, context), context);
  const apps = context.directory.sessions.everAppsOf(userId).map((appId) => context.directory.findApp(appId));
  return apps
    .filter((app) => app !== undefined)
    .map(({ appId, appName, appIdentifier }) => ({
      appId,
      appName,
      appLogo: `https://files.example.com/${appIdentifier}.png`,
      appLoginUrl: `https://${appIdentifier}.example.com/login`,
    }));
};

/** POST /api/v3/list-application-active-users: who is signed in to the app now. */
export const listApplicationActiveUsers: Endpoint = (params, context) => {
  const { directory } = context;
  const flags = readOptions(params);
  const { start, end } = readPage(asRecord(flags['pagination']), context);
  const { appId } = findApp(readAppId(params['appId'], context), context);
  const userIds = directory.sessions.usersOf(appId);
  const list = [...userIds].slice(start, end).flatMap((userId) => directory.findUser('user_id', userId) ?? []);
  return { totalCount: userIds.size, list: list.map((user) => showUser(user, flags)) };
};
