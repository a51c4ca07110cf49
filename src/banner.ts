/** What start-up tells the person who started it: plain text, on standard output. */
import type { App } from './app';
import { PRODUCT } from './product';

/** What of a gateway is announced. */
type Announced = Pick<App, 'url' | 'metricsUrl' | 'upstream' | 'needsToken' | 'curl'>;

export interface Workers {
  wanted: number;
  running: number;
}

const EMULATED =
  'the embedded emulator: no account, no real users; set GENAUTH_ACCESS_KEY_ID and _SECRET to use GenAuth';

const OPEN_DOOR =
  'WARNING: callers need no token; everybody on this machine is the principal "developer" with all scopes.';

/** How many processes serve, where somebody asked for more than one. */
function describeWorkers({ wanted, running }: Workers): string[] {
  if (wanted === 1) return [];
  if (running === wanted) return [`  Workers  ${running}`];
  return [`  Workers  ${running}, not ${wanted}: the embedded database has room for one; set DATABASE_URL for more`];
}

/** @param workers as WORKERS asks for, and as there are */
export function renderBanner(app: Announced, isProduction: boolean, workers: Workers): string {
  const { host, isEmulated } = app.upstream;
  const lines = [
    `${PRODUCT.name} ${PRODUCT.version}`,
    `  GraphQL  ${app.url}/graphql`,
    `  GenAuth  ${host}${isEmulated ? ` (${EMULATED})` : ''}`,
    ...(app.metricsUrl === null ? [] : [`  Metrics  ${app.metricsUrl}`]),
    ...describeWorkers(workers),
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
