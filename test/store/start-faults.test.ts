/** A database that can't be used at a gateway's start: said in our words, which name neither hosts nor users. */
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { Client } from 'pg';
import pino from 'pino';
import { startFaultsOf } from '../../src/start-faults';
import { NoConnectionError } from '../../src/store/away';
import { openDatabase } from '../../src/store/open-database';
import { openPostgres } from '../../src/store/postgres';
import { atEnd } from '../helpers/at-end';
import { eventually } from '../helpers/eventually';
import { freePort } from '../helpers/free-port';
import { captureLog } from '../helpers/start-app';
import { makeStore, withPostgres } from '../helpers/stores';

const LOG = pino({ level: 'silent' });
/** Of the changes to the schema (src/store/migrate.ts). */
const LOCK = 7_303_184_221;

afterEach(() => jest.restoreAllMocks());

it('one that goes away before it is listened to is not taken for the address to serve on', async () => {
  const database = openPostgres(`postgres://canary@127.0.0.1:${await freePort()}/canary`, LOG);
  atEnd(() => database.stop());
  const fault: unknown = await database.listen('nothing', () => undefined).catch((error: unknown) => error);
  expect(startFaultsOf(fault)).toEqual([
    'the database is not reachable, or refuses this gateway (ECONNREFUSED): nobody listens at its address',
  ]);
  const unknown = Object.assign(new Error('getaddrinfo ENOTFOUND canary'), { code: 'ENOTFOUND' });
  expect(startFaultsOf(new NoConnectionError(unknown))).toEqual([
    'the database is not reachable, or refuses this gateway (ENOTFOUND): its host name has no address',
  ]);
});

/** As PgBouncer answers a connection that asks for what it was not told to let through. */
async function startPooler(parameter: string): Promise<string> {
  const fields = Buffer.from(`SFATAL\0C08P01\0Munsupported startup parameter: ${parameter}\0\0`);
  const head = Buffer.from('E\0\0\0\0');
  head.writeInt32BE(4 + fields.length, 1);
  const server = createServer((client) => client.on('error', () => undefined).once('data', () => client.end(Buffer.concat([head, fields])))); // prettier-ignore
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  atEnd(async () => void server.close());
  return `postgres://canary:canary@127.0.0.1:${(server.address() as AddressInfo).port}/canary`;
}

it('a pooler that does not let a time-out through is told of at once, as waiting for it is no use', async () => {
  const { logs, log } = captureLog();
  const fault: unknown = await openDatabase({ url: await startPooler('statement_timeout'), dataDir: '' }, log).catch(
    (error: unknown) => error,
  );
  expect(startFaultsOf(fault)).toEqual([
    'the database is not reachable, or refuses this gateway (08P01): a pooler in between may not let its settings through (the README tells which)',
  ]);
  expect(logs).toEqual([]);
});

withPostgres('one that another gateway prepares', () => {
  it('for longer than a minute is there, and that is what is wrong', async () => {
    const { url } = await makeStore('postgres');
    const other = new Client({ connectionString: url! });
    await other.connect();
    atEnd(() => other.end());
    await other.query('select pg_advisory_lock($1)', [LOCK]);
    const now = performance.now.bind(performance);
    let skippedMs = 0;
    jest.spyOn(performance, 'now').mockImplementation(() => now() + skippedMs);
    const start = openDatabase({ url, dataDir: '' }, LOG).catch((error: unknown) => error);
    const waits = async () => {
      const { rows } = await other.query(
        `select from pg_stat_activity where datname = current_database() and query like '%pg_try_advisory_xact_lock%' and pid <> pg_backend_pid()`,
      );
      return rows.length;
    };
    await eventually(waits, (count) => count > 0);
    skippedMs = 61_000;
    expect(startFaultsOf(await start)).toEqual(['another gateway has been preparing the database for a minute']);
  });
});
