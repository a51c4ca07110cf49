import { listApplicationSimpleInfo } from './apps.endpoint';
import type { Authentication } from './authenticate';
import { langOf, paramsOf, type Call } from './call';
import { succeed, type Envelope } from './envelope';
import type { Endpoint, EndpointContext } from './input';
import { kickUsers } from './kick-users.endpoint';
import { getManagementToken } from './management-token.endpoint';
import { Refusal, refuse } from './refusal';
import { checkSessionStatus, getUserLoggedinApps, listApplicationActiveUsers } from './sessions.endpoint';
import { getUser, getUserBatch, isUserExists } from './users.endpoint';

const TOKEN_ROUTE = 'POST /api/v3/get-management-token';

const ROUTES: ReadonlyMap<string, Endpoint> = new Map([
  [TOKEN_ROUTE, getManagementToken],
  ['POST /api/v3/kick-users', kickUsers],
  ['POST /api/v3/check-session-status', checkSessionStatus],
  ['GET /api/v3/get-user-loggedin-apps', getUserLoggedinApps],
  ['POST /api/v3/list-application-active-users', listApplicationActiveUsers],
  ['GET /api/v3/get-user', getUser],
  ['GET /api/v3/get-user-batch', getUserBatch],
  ['POST /api/v3/is-user-exists', isUserExists],
  ['GET /api/v3/list-application-simple-info', listApplicationSimpleInfo],
]);

/** Carries the call out and says how it went. Checks in order: size, route, authentication, then the endpoint's own. */
export function dispatch(call: Call, { refusal }: Authentication, context: EndpointContext): Envelope {
  const { options } = context;
  const lang = langOf(call.headers);
  try {
    if (call.isBodyTooLarge) throw refuse('bodyTooLarge', options);
    const route = `${call.method} ${call.path}`;
    const endpoint = ROUTES.get(route);
    if (endpoint === undefined) throw refuse('unknownEndpoint', options);
    if (refusal !== null && route !== TOKEN_ROUTE) throw refusal;
    return succeed(endpoint(paramsOf(call), context), lang, options.requestIdOnSuccess);
  } catch (error) {
    if (error instanceof Refusal) return error.toEnvelope(lang);
    // A bug of ours: the caller gets a 500, whoever runs the emulator the stack.
    process.emitWarning(error instanceof Error ? error : String(error));
    return refuse('emulatorFault', options).toEnvelope(lang);
  }
}
