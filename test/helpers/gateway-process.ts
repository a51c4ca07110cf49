/** The gateway as a process of its own, built and started as an operator does, on a store and an emulator of the test's. */
import path from 'node:path';
import type { Emulator } from '../../src/emulator/emulator';
import type { StoreOptions } from '../../src/store/open-database';
import { makeFolder } from './deployment';
import { ROOT, startProcess, type Child } from './processes';
import { environmentFor } from './start-app';

export const START = path.join(ROOT, 'src', 'start.cjs');

export const environmentOf = ({ url, dataDir }: StoreOptions): Record<string, string> =>
  url === null ? { DATA_DIR: dataDir } : { DATABASE_URL: url };

export interface GatewayProcess extends Child {
  url: string;
  /** Ends it without a word, and waits for its end. */
  kill: () => Promise<void>;
}

/** Resolves when it listens. */
export async function startGateway(
  genauth: Emulator,
  store: StoreOptions,
  environment: Record<string, string> = {},
): Promise<GatewayProcess> {
  const child = startProcess(process.execPath, [START], {
    cwd: makeFolder(),
    env: { ...(environmentFor(genauth) as Record<string, string>), ...environmentOf(store), ...environment },
  });
  const [, url = ''] = await child.stdoutMatching(/^ {2}GraphQL {2}(http:\/\/\S+)\/graphql$/m);
  const kill = async (): Promise<void> => {
    child.signal('SIGKILL');
    await child.exit;
  };
  return { ...child, url, kill };
}
