/**
 * The commands of the audit trail as an operator runs them, and a gateway that is killed:
 * `npm run audit:verify`,
 * `npm run audit:erase -- --user-id-type EMAIL --user-id alice@example.com`.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Client } from 'pg';
import { verifyTrail } from '../../src/audit/verify';
import { makeFolder } from '../helpers/deployment';
import { eventually } from '../helpers/eventually';
import { kick } from '../helpers/execute';
import { environmentOf, START, startGateway } from '../helpers/gateway-process';
import { runProcess } from '../helpers/processes';
import { startTestApp, startTestEmulator, type TestApp } from '../helpers/start-app';
import { describeOnEachStore, makeStore, openStore, withPostgres } from '../helpers/stores';
import type { StoreOptions } from '../../src/store/open-database';

const SOME_CHAIN = '00000000-0000-4000-8000-000000000000';

const run = (script: string, store: StoreOptions, ...args: string[]) =>
  runProcess(process.execPath, [START, `audit/${script}-main.js`, ...args], {
    cwd: makeFolder(),
    env: environmentOf(store),
  });
const kickUser = ({ genauth: { directory }, ...app }: TestApp, email: string) =>
  kick(app, { userId: email, appIds: [directory.demoApp.appId], options: { userIdType: 'EMAIL' } });

async function tablesOf(connectionString: string): Promise<string[]> {
  const client = new Client({ connectionString });
  await client.connect();
  const { rows } = await client.query<{ name: string }>(
    `select tablename as name from pg_tables where schemaname not in ('pg_catalog', 'information_schema')`,
  );
  await client.end();
  return rows.map(({ name }) => name);
}

describeOnEachStore('the commands of the audit trail', (kind) => {
  it('verify and erase, on what a gateway wrote and logged', async () => {
    const store = await makeStore(kind);
    const app = await startTestApp(environmentOf(store));
    const [first, second] = app.genauth.directory.users.map(({ ids }) => ids.email);
    await kickUser(app, first!);
    await kickUser(app, second!);
    await app.stop();
    const logFile = path.join(makeFolder(), 'gateway.log');
    writeFileSync(logFile, app.logs.map((record) => JSON.stringify(record)).join('\n'));

    expect(await run('verify', store, '--heads', logFile)).toEqual({
      code: 0,
      stdout: 'the audit trail is whole: 5 records in 1 chains, 0 erased targets, 1 logged heads compared\n',
      stderr: '',
    });
    expect(await run('erase', store, '--user-id-type', 'EMAIL', '--user-id', first!)).toMatchObject({
      code: 0,
      stdout: 'erased in 2 records and 0 outcomes of jobs\n',
    });
    expect(await run('verify', store)).toMatchObject({
      code: 0,
      stdout: 'the audit trail is whole: 7 records in 2 chains, 2 erased targets\n',
    });
    const database = await openStore(store);
    await database.run(
      `alter table audit_events disable trigger all; update audit_events set code = 'X' where seq = 3;
       alter table audit_events enable trigger all`,
    );
    await database.stop();
    const broken = await run('verify', store);
    expect(broken).toMatchObject({ code: 1, stderr: '' });
    expect(broken.stdout).toMatch(/^BROKEN chain [0-9a-f-]{36}, record 3 \([0-9a-f-]{36}\): it was changed\n/);
    expect(broken.stdout).toContain('the audit trail is BROKEN: ');
  });

  it.each(['email', 'toString', 'constructor', ''])('refuse %p for a type of id', async (type) => {
    const { code, stdout, stderr } = await run(
      'erase',
      await makeStore(kind),
      '--user-id-type',
      type,
      '--user-id',
      'x',
    );
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^usage: npm run audit:erase -- --user-id-type USER_ID\|.* --user-id ID\n$/);
  });

  it('refuse a store that no gateway has written to, and leave it as it is', async () => {
    const store = kind === 'embedded' ? { url: null, dataDir: path.join(makeFolder(), 'none') } : await makeStore(kind);
    const where = kind === 'embedded' ? 'DATA_DIR' : 'DATABASE_URL';
    const refusal = {
      code: 1,
      stdout: '',
      stderr: `no gateway has written anything where ${where} points: is it the right one?\n`,
    };
    expect(await run('verify', store)).toEqual(refusal);
    expect(await run('erase', store, '--user-id-type', 'EMAIL', '--user-id', 'a@example.com')).toEqual(refusal);
    if (store.url === null) expect(existsSync(store.dataDir)).toBe(false);
    else expect(await tablesOf(store.url)).toEqual([]);
  });

  it('compare heads of a log that Docker has wrapped, and refuse a log without any', async () => {
    const store = await makeStore(kind);
    const app = await startTestApp(environmentOf(store));
    await kickUser(app, app.genauth.directory.users[0]!.ids.email);
    await app.stop();
    const file = (lines: string[]) => {
      const name = path.join(makeFolder(), 'gateway.log');
      writeFileSync(name, lines.join('\n'));
      return name;
    };
    const lines = app.logs.map((record) => JSON.stringify(record));
    const wrapped = file(lines.map((line) => JSON.stringify({ log: `${line}\n`, stream: 'stderr' })));
    expect(await run('verify', store, '--heads', wrapped)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^the audit trail is whole: .*, 1 logged heads compared\n$/),
    });
    const headless = file(lines.filter((line) => !line.includes('audit head')));
    expect(await run('verify', store, '--heads', headless)).toEqual({
      code: 1,
      stdout: '',
      stderr: `${headless} holds no line "audit head" as gateways write them, so it proves nothing\n`,
    });
  });

  it('erase that fails halfway says so, and leaves a record of what it has done', async () => {
    const store = await makeStore(kind);
    const app = await startTestApp(environmentOf(store));
    await kickUser(app, app.genauth.directory.users[0]!.ids.email);
    await app.stop();
    const before = await openStore(store);
    await before.run(
      `insert into audit_events (id, chain, seq, time, action, actor, issuer, request_id, target_type, target_id,
         previous_hash, hash)
       select gen_random_uuid(), '${SOME_CHAIN}', n, now(), 'KICKED', '', '', '', 'email', 'canary', '', ''
       from generate_series(1, 6000) as n;
       create function break() returns trigger language plpgsql as $$ begin raise exception 'out of luck'; end $$;
       create trigger break before update on audit_events for each row when (old.seq = 6000) execute function break()`,
    );
    await before.stop();
    expect(await run('erase', store, '--user-id-type', 'EMAIL', '--user-id', 'canary')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'out of luck\n',
    });
    const after = await openStore(store);
    const told = await after.query(`select details from audit_events where action = 'TARGETS_ERASED'`);
    expect(told).toEqual([
      { details: JSON.stringify({ records: 5000, outcomes: 0, userIdType: 'EMAIL', isComplete: false }) },
    ]);
    expect(await after.query(`select seq from audit_events where target_id = 'canary'`)).toHaveLength(1000);
  });

  it('erase that can not be recorded says that it has erased', async () => {
    const store = await makeStore(kind);
    const app = await startTestApp(environmentOf(store));
    const { email } = app.genauth.directory.users[0]!.ids;
    await kickUser(app, email);
    await app.stop();
    const database = await openStore(store);
    await database.run(
      `create function break() returns trigger language plpgsql as $$ begin raise exception 'out of luck'; end $$;
       create trigger break before insert on audit_events for each row execute function break()`,
    );
    await database.stop();
    expect(await run('erase', store, '--user-id-type', 'EMAIL', '--user-id', email)).toEqual({
      code: 1,
      stdout: '',
      stderr: 'erased in 2 records and 0 outcomes of jobs, which could not be recorded\n',
    });
  });

  it('kill -9 in the middle of kicks: the chain verifies, and each kick that GenAuth received was requested', async () => {
    const store = await makeStore(kind);
    const genauth = await startTestEmulator();
    genauth.faults.always({ kind: 'delay-after-effect', ms: 30 });
    const gateway = await startGateway(genauth, store);
    const { url } = gateway;
    const { users, demoApp } = genauth.directory;
    const client = async (number: number): Promise<void> => {
      for (let round = 0; ; round++) {
        const userId = users[(number + round * 8) % users.length]!.ids.email;
        const input = { userId, appIds: [demoApp.appId], options: { userIdType: 'EMAIL' } };
        await kick({ url }, input, { headers: { 'x-request-id': `kick-${number}-${round}` } });
      }
    };
    const clients = Array.from({ length: 8 }, (_, number) => client(number).catch(() => undefined));
    await eventually(() => genauth.receivedCount() > 60);
    await Promise.all([gateway.kill(), ...clients]);

    const database = await openStore(store);
    expect(await verifyTrail(database, [])).toMatchObject({ faults: [] });
    const requested = await database.query<{ request_id: string }>(
      `select request_id from audit_events where action = 'KICK_REQUESTED'`,
    );
    const known = new Set(requested.map(({ request_id }) => request_id));
    const received = genauth.received.map(({ headers }) => headers['x-request-id']!);
    expect(received.length).toBeGreaterThan(60);
    expect(received.filter((id) => !known.has(id))).toEqual([]);
    await database.stop();
  });
});

withPostgres('audit:verify', () => {
  it('needs no more than to read the trail', async () => {
    const store = await makeStore('postgres');
    const app = await startTestApp(environmentOf(store));
    await kickUser(app, app.genauth.directory.users[0]!.ids.email);
    await app.stop();
    const auditor = `auditor_${randomBytes(6).toString('hex')}`;
    const database = await openStore(store);
    await database.run(`create role ${auditor} login; grant select on audit_events, audit_chains to ${auditor}`);
    const url = new URL(store.url!);
    url.username = auditor;
    expect(await run('verify', { url: url.href, dataDir: '' })).toMatchObject({ code: 0, stderr: '' });
    await database.run(`drop owned by ${auditor}; drop role ${auditor}`);
  });
});
