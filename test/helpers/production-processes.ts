/** The built gateway as production runs it, in processes of its own, on one PostgreSQL and in front of one emulator. */
import path from 'node:path';
import type { EmulatorOptions } from '../../src/emulator/options';
import { makeFolder } from './deployment';
import { startTestIssuer } from './issuer';
import { ROOT, startProcess, type Child } from './processes';
import { environmentFor, startTestEmulator } from './start-app';
import { makeStore } from './stores';

export type Env = Record<string, string>;

const MAIN = path.join(ROOT, 'dist', 'main.js');

/** In an empty folder. */
export const spawnGateway = (env: Env): Child => startProcess(process.execPath, [MAIN], { cwd: makeFolder(), env });

/** Waits until it serves. */
export async function urlOf(gateway: Child): Promise<string> {
  const [, url = ''] = await gateway.stdoutMatching(/^ {2}GraphQL {2}(http:\/\/\S+)\/graphql$/m);
  return url;
}

/** Every complete line of the log so far. */
export const logOf = ({ output }: Child): Record<string, unknown>[] =>
  output.stderr
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));

/** What gateways of one production share. */
export async function makeProduction(change: Env = {}, options: Partial<EmulatorOptions> = {}) {
  const genauth = await startTestEmulator(options);
  const issuer = await startTestIssuer();
  const { demoUser, demoApp } = genauth.directory;
  const env: Env = {
    ...(environmentFor(genauth) as Env),
    ...issuer.environment,
    DATABASE_URL: (await makeStore('postgres')).url ?? '',
    NODE_ENV: 'production',
    METRICS_PORT: '0',
    ...change,
  };
  return { genauth, env, token: await issuer.issue(), input: { userId: demoUser.userId, appIds: [demoApp.appId] } };
}
