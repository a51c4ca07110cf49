/** A signal that comes while the gateway starts: the start ends as well as a gateway does. */
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { makeFolder } from '../helpers/deployment';
import { eventually } from '../helpers/eventually';
import { freePort } from '../helpers/free-port';
import { startProcess, type Child } from '../helpers/processes';

const MAIN = path.join('dist', 'main.js');
const GATEWAY = /^ {2}GraphQL {2}http:\/\/\S+\/graphql$/m;

const begin = (env: Record<string, string>): Child =>
  startProcess(process.execPath, [MAIN], { env: { PORT: '0', SHUTDOWN_GRACE_MS: '600000', ...env } });

it('while the embedded database is made: it is made, closed and good for the next start', async () => {
  const folder = makeFolder();
  const child = begin({ DATA_DIR: folder });
  await eventually(() => existsSync(path.join(folder, 'postgres')));
  child.signal('SIGTERM');
  expect(await child.exit).toBe(0);
  expect(child.output.stdout).toBe('');
  expect(child.output.stderr).toContain('"msg":"stopped"');
  expect(readdirSync(folder)).toEqual(['postgres']);

  const next = begin({ DATA_DIR: folder });
  await next.stdoutMatching(GATEWAY);
  next.signal('SIGINT');
  expect(await next.exit).toBe(0);
});

it('while it waits for a database: it waits no longer, and what it lacked is no fault any more', async () => {
  const child = begin({ DATABASE_URL: `postgres://gateway@127.0.0.1:${await freePort()}/gateway` });
  await eventually(() => child.output.stderr.includes('the database is not there yet'));
  child.signal('SIGINT');
  expect(await child.exit).toBe(0);
  expect(child.output.stderr).not.toContain('not reachable');
});
