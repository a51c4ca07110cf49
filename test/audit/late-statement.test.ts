/**
 * A request that was told as not written gets its outcome without another record's help: at the end of the gateway, while nothing
 * else is written, and where a network delivers the statement only after it was given up.
 */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { pino } from 'pino';
import { AuditLog } from '../../src/audit/audit-log';
import { AuditService } from '../../src/audit/audit.service';
import { verifyTrail } from '../../src/audit/verify';
import type { Database } from '../../src/store/database';
import { openPostgres } from '../../src/store/postgres';
import { atEnd } from '../helpers/at-end';
import { eventually } from '../helpers/eventually';
import { failing, LOST } from '../helpers/failing-database';
import { describeOnEachStore, makeStore, openStore, withPostgres } from '../helpers/stores';

const silent = pino({ level: 'silent' });

function recording(database: Database) {
  const log = new AuditLog(database, silent);
  const audit = new AuditService(log, { isRequired: true }, () => 'mark', silent);
  const WHO = { actor: 'alice', issuer: 'https://issuer.example.com' };
  return { log, request: (requestId: string) => audit.before({ ...WHO, requestId, action: 'KICK_REQUESTED' }) };
}

/** All but openings, in their order. */
const recordsIn = async (database: Database): Promise<string[]> => {
  const rows = await database.query<{ record: string }>(
    `select action || ' ' || request_id as record from audit_events where action <> 'CHAIN_OPENED' order by position`,
  );
  return rows.map(({ record }) => record);
};
const TOLD = ['KICK_REQUESTED first', 'KICK_REQUESTED lost', 'KICK_FAILED lost'];

describeOnEachStore('a request whose answer was lost', (kind) => {
  const start = async () => {
    const database = await openStore(await makeStore(kind));
    const { store, failNext, failed } = failing(database);
    const { log, request } = recording(store);
    await request('first');
    failNext({ error: LOST, isDone: true, where: /audit_events|takeUnlinkedHeads/ });
    await expect(request('lost')).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' });
    expect(await recordsIn(database)).toEqual(TOLD.slice(0, 2));
    return { database, log, failNext, failed };
  };

  it('has its outcome at the end of the gateway', async () => {
    const { database, log } = await start();
    await log.stop();
    expect(await recordsIn(database)).toEqual(TOLD);
    expect(await verifyTrail(database, [])).toMatchObject({ faults: [] });
  });

  it('has it though nothing else is written, and though the first look for it fails', async () => {
    const { database, log, failNext, failed } = await start();
    failNext({ error: LOST, isDone: false, where: /audit_events/ });
    await eventually(async () => (await recordsIn(database)).length > 2, Boolean, 60_000);
    expect(failed()).toBe(1);
    await log.stop();
    expect(await recordsIn(database)).toEqual(TOLD);
    expect(await verifyTrail(database, [])).toMatchObject({ faults: [] });
  });
});

/** Between a gateway and its database; holds what one connection sends, from a request's record on, until it is told to deliver. */
async function startNetwork(url: URL) {
  let isHolding = false;
  let deliver = (): void => undefined;
  const server = createServer({ allowHalfOpen: true }, (incoming: Socket) => {
    const outgoing = connect({ port: Number(url.port), host: url.hostname, allowHalfOpen: true });
    let held: Buffer[] | null = null;
    for (const socket of [incoming, outgoing]) socket.on('error', () => undefined);
    incoming.on('data', (data: Buffer) => {
      if (isHolding && data.includes('KICK_REQUESTED')) {
        isHolding = false;
        const kept: Buffer[] = (held = []);
        deliver = () => void outgoing.end(Buffer.concat(kept));
      }
      if (held === null) outgoing.write(data);
      else held.push(data);
    });
    outgoing.on('data', (data: Buffer) => void (incoming.destroyed || incoming.write(data)));
    incoming.on('end', () => void (held ?? outgoing.end()));
    outgoing.on('end', () => incoming.end());
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  atEnd(async () => void server.close());
  const through = new URL(url);
  through.port = String((server.address() as AddressInfo).port);
  return { url: through.href, hold: () => (isHolding = true), deliver: () => deliver() };
}

withPostgres('a request whose statement arrives after it was given up', () => {
  it('has its outcome, though it was looked for in vain before', async () => {
    const { url } = await makeStore('postgres');
    const direct = await openStore({ url, dataDir: '' });
    const network = await startNetwork(new URL(url!));
    const database = openPostgres(network.url, silent);
    atEnd(() => database.stop());
    const { log, request } = recording(database);
    await request('first');
    network.hold();
    await expect(request('late')).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' });
    await request('next');
    network.deliver();
    await eventually(async () => (await recordsIn(direct)).includes('KICK_FAILED late'), Boolean, 20_000);
    await log.stop();
    const records = ['KICK_REQUESTED first', 'KICK_REQUESTED next', 'KICK_REQUESTED late', 'KICK_FAILED late'];
    expect(await recordsIn(direct)).toEqual(records);
    expect(await verifyTrail(direct, [])).toMatchObject({ faults: [] });
  });
});
