/** A gateway as production runs it, with a caller of its issuer's. */
import type { Environment } from '../../src/config';
import { startTestIssuer } from './issuer';
import { startTestApp, type TestApp } from './start-app';

/** `execute` and `withToken` come in with the token that it has. */
export async function startProduction(environment: Environment = {}): Promise<TestApp> {
  const issuer = await startTestIssuer();
  const app = await startTestApp({ NODE_ENV: 'production', METRICS_PORT: '0', ...issuer.environment, ...environment });
  return { ...app, token: await issuer.issue() };
}

/** A raw request with the gateway's token, if it has one and the request has none of its own. */
export function withToken({ token }: { token?: string }, init: RequestInit = {}): RequestInit {
  const headers = new Headers(init.headers);
  if (token !== undefined && !headers.has('authorization')) headers.set('authorization', `Bearer ${token}`);
  return { ...init, headers };
}
