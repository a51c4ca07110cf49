/** What start-up tells the person who started it: plain text, on standard output. */
import type { App } from './app';
import { PRODUCT } from './product';

const EMULATED =
  'the embedded emulator: no account, no real users; set GENAUTH_ACCESS_KEY_ID and _SECRET to use GenAuth';

const OPEN_DOOR =
  'WARNING: callers need no token; everybody on this machine is the principal "developer" with all scopes.';

export function renderBanner(app: App, isProduction: boolean): string {
  const { host, isEmulated } = app.upstream;
  const lines = [
    `${PRODUCT.name} ${PRODUCT.version}`,
    `  GraphQL  ${app.url}/graphql`,
    `  GenAuth  ${host}${isEmulated ? ` (${EMULATED})` : ''}`,
    ...(app.metricsUrl === null ? [] : [`  Metrics  ${app.metricsUrl}`]),
  ];
  if (isProduction) return lines.join('\n');
  const whom = isEmulated ? 'Force a demo user offline' : 'Force a user offline (put in an id of yours)';
  return [
    ...lines,
    `  Sandbox  ${app.url}/`,
    '',
    ...(app.needsToken ? [] : [OPEN_DOOR, '']),
    `${whom}${app.needsToken ? ', with a token that has the scope users:kick in TOKEN' : ''}:`,
    '',
    app.curl,
    '',
  ].join('\n');
}
