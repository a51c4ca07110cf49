/**
 * Before all tests: one PostgreSQL for the suites that want one, and a new embedded store to copy, as making one takes
 * seconds. Where they are stands in the environment of the tests.
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { openDatabase } from '../../src/store/open-database';
import { hasPostgres, startPostgres } from './postgres';
import { keepForTheEnd } from './global-state';

export default async function setUp(): Promise<void> {
  const template = mkdtempSync(path.join(tmpdir(), 'gateway-template-'));
  const database = await openDatabase({ url: null, dataDir: template }, pino({ level: 'silent' }));
  await database.stop();
  process.env['TEST_STORE_TEMPLATE'] = template;

  const given = process.env['TEST_POSTGRES_URL'];
  if (given === undefined && !hasPostgres()) {
    if (process.env['REQUIRE_POSTGRES'] === '1') throw new Error('There is no PostgreSQL, and REQUIRE_POSTGRES is 1.');
    keepForTheEnd({ template, server: null });
    return;
  }
  const server = given === undefined ? await startPostgres() : null;
  process.env['TEST_POSTGRES_URL'] = given ?? server?.url;
  keepForTheEnd({ template, server });
}
