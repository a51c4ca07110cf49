/** A connection to PostgreSQL that dies in the moment when it passes from one statement to the next. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { Client } from 'pg';
import { pino } from 'pino';
import { openPostgres } from '../../src/store/postgres';
import { atEnd } from '../helpers/at-end';
import { eventually } from '../helpers/eventually';
import { makeStore, withPostgres } from '../helpers/stores';

/** All that a gateway has. */
const CONNECTIONS = 3;

/** A way to a server on which what the server says can be held back, to arrive in one piece. */
async function startHoldingProxy(target: URL) {
  let isHolding = false;
  const held = new Map<Socket, Buffer[]>();
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    held.set(client, []);
    client.on('error', () => undefined).pipe(upstream);
    upstream
      .on('error', () => undefined)
      .on('data', (chunk: Buffer) => {
        if (isHolding) held.get(client)!.push(chunk);
        else client.write(chunk);
      });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  atEnd(async () => {
    server.close();
    for (const client of held.keys()) client.destroy();
  });
  const url = new URL(target);
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    hold: () => (isHolding = true),
    letGo: () => {
      isHolding = false;
      for (const [client, chunks] of held) if (chunks.length > 0) client.end(Buffer.concat(chunks.splice(0)));
    },
  };
}

withPostgres('connections that end right after an answer', () => {
  it('fail the statements that were to have them next, and nothing else', async () => {
    const target = new URL((await makeStore('postgres')).url!);
    const proxy = await startHoldingProxy(target);
    const database = openPostgres(proxy.url, pino({ level: 'silent' }));
    const observer = new Client({ connectionString: target.href });
    await observer.connect();
    atEnd(async () => Promise.all([database.stop(), observer.end()]).then(() => undefined));
    const backends = `from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`;
    const count = async (more = '') => {
      const { rows } = await observer.query<{ many: number }>(`select count(*)::integer as many ${backends} ${more}`);
      return rows[0]!.many;
    };

    // Until all connections are in use, and the answers will be held.
    await observer.query('select pg_advisory_lock(1)');
    const slow = Array.from({ length: CONNECTIONS }, () => database.query('select pg_advisory_lock_shared(1)'));
    await eventually(() => count(`and wait_event = 'advisory'`), (many) => many === CONNECTIONS); // prettier-ignore
    proxy.hold();
    await observer.query('select pg_advisory_unlock(1)');
    const next = Promise.allSettled(
      Array.from({ length: CONNECTIONS }, () => database.transaction((transaction) => transaction.query('select 1'))),
    );
    await eventually(() => count(`and state = 'idle'`), (many) => many === CONNECTIONS); // prettier-ignore
    await observer.query(`select pg_terminate_backend(pid) ${backends}`);
    await eventually(count, (many) => many === 0);
    proxy.letGo();

    await Promise.all(slow);
    expect((await next).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(await database.query('select 1 as one')).toEqual([{ one: 1 }]);
  });
});
