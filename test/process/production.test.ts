/**
 * Production, as the README tells to run it: a release made with `npm run build` and `npm prune --omit=dev`, started with
 * `NODE_ENV=production npm start`, its database reached by TLS, backed up and restored:
 * `pg_dump --format=custom --file=gateway.dump "$DATABASE_URL"`,
 * `pg_restore --no-owner --dbname="$RESTORED_URL" gateway.dump`,
 * `DATABASE_URL="$RESTORED_URL" npm run audit:verify`.
 */
import { cpSync, existsSync, readdirSync } from 'node:fs';
import * as nodeModule from 'node:module';
import path from 'node:path';
import { atEnd } from '../helpers/at-end';
import { makeFolder } from '../helpers/deployment';
import { execute, kick, operation } from '../helpers/execute';
import { createDatabase, startPostgres, type PostgresServer } from '../helpers/postgres';
import { ROOT, runProcess, startProcess } from '../helpers/processes';
import { makeProduction, urlOf } from '../helpers/production-processes';
import { withPostgres } from '../helpers/stores';

/** A clone of the project, packages included. */
function makeClone(): string {
  const folder = makeFolder();
  for (const name of ['package.json', 'package-lock.json', 'tsconfig.json', 'src', 'node_modules']) {
    // Gateways of other tests write to the cache.
    const filter = (source: string) => path.basename(source) !== '.cache';
    cpSync(path.join(ROOT, name), path.join(folder, name), { recursive: true, verbatimSymlinks: true, filter });
  }
  return folder;
}

withPostgres('production', () => {
  let server: PostgresServer;
  let release: string;
  const bash = (command: string, env: Record<string, string> = {}) =>
    runProcess('bash', ['-c', command], { cwd: release, env: { npm_config_offline: 'true', ...env } });
  beforeAll(async () => {
    server = await startPostgres({ withTls: true });
    atEnd(() => server.stop());
    release = makeClone();
    expect(await bash('npm run build')).toMatchObject({ code: 0 });
    expect(await bash('npm prune --omit=dev')).toMatchObject({ code: 0 });
  }, 180_000);

  it('kicks from a pruned release over a connection with TLS, and its back-up proves it', async () => {
    const address = new URL(await createDatabase(server.url));
    address.hostname = 'localhost';
    const tls = new URL(address);
    tls.search = new URLSearchParams({ sslmode: 'verify-full', sslrootcert: server.certificate }).toString();
    const { env, token, input } = await makeProduction({ DATABASE_URL: tls.href });
    const gateway = startProcess('bash', ['-c', 'NODE_ENV=production npm start'], { cwd: release, env });
    const url = await urlOf(gateway);
    expect(await kick({ url, token }, input)).toMatchObject({ __typename: 'KickUsersSuccess' });
    const { data } = await execute({ url, token }, operation('audit-events'));
    expect(data.auditEvents.edges).toHaveLength(3);
    gateway.signalGroup('SIGTERM');
    await gateway.exit;
    // Kept for the next start, by releases of Node that can.
    const compiled = path.join(release, 'node_modules', '.cache', 'compiled');
    expect(existsSync(compiled) && readdirSync(compiled).length > 0).toBe('enableCompileCache' in nodeModule);

    const restored = await createDatabase(server.url);
    const urls = { DATABASE_URL: address.href, RESTORED_URL: restored };
    expect(await bash('pg_dump --format=custom --file=gateway.dump "$DATABASE_URL"', urls)).toMatchObject({ code: 0 });
    expect(await bash('pg_restore --no-owner --dbname="$RESTORED_URL" gateway.dump', urls)).toMatchObject({ code: 0 });
    const verified = await bash('DATABASE_URL="$RESTORED_URL" npm run audit:verify', urls);
    expect(verified.stdout).toContain('the audit trail is whole: 3 records in 1 chains');
  });

  it('refuses a database whose certificate nobody vouches for, and says so', async () => {
    const address = new URL(server.url);
    address.hostname = 'localhost';
    address.search = '?sslmode=verify-full';
    const { env } = await makeProduction({ DATABASE_URL: address.href });
    const { code, stderr } = await bash('NODE_ENV=production npm start', env);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^the database is not reachable, or refuses this gateway \(DEPTH_ZERO_SELF_SIGNED_CERT\): its certificate is of an authority that is not trusted/m,
    );
  });
});
