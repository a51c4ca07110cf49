/** What somebody else wrote into a trail or a log: it is named as what it is, and never taken for what it is not. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { verifyTrail } from '../../src/audit/verify';
import { makeFolder } from '../helpers/deployment';
import { eventually } from '../helpers/eventually';
import { kick } from '../helpers/execute';
import { environmentOf, START, startGateway } from '../helpers/gateway-process';
import { startTestIssuer } from '../helpers/issuer';
import { runProcess, startProcess } from '../helpers/processes';
import { startTestApp, startTestEmulator, type TestApp } from '../helpers/start-app';
import { describeOnEachStore, makeStore, openStore, withPostgres } from '../helpers/stores';
import type { StoreOptions } from '../../src/store/open-database';

function verify(store: StoreOptions, lines: readonly string[]) {
  const log = path.join(makeFolder(), 'gateway.log');
  writeFileSync(log, lines.join('\n'));
  const command = [START, 'audit/verify-main.js', '--heads', log];
  return runProcess(process.execPath, command, { cwd: makeFolder(), env: environmentOf(store) });
}
/** How often a process has gone to sleep so far; on systems that don't tell, more each time. */
function sleepsOf(pid: number): number {
  const status = `/proc/${pid}/status`;
  if (!existsSync(status)) return performance.now();
  return Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(readFileSync(status, 'utf8'))?.[1]);
}
const kickDemoUser = (app: Pick<TestApp, 'url' | 'genauth'> & { token?: string }) => {
  const { demoUser, demoApp } = app.genauth.directory;
  return kick(app, { userId: demoUser.userId, appIds: [demoApp.appId] });
};

describe('a log', () => {
  it('in which a caller has a name that reads like a head proves what it proved without', async () => {
    const issuer = await startTestIssuer();
    const store = await makeStore('embedded');
    const app = await startTestApp({ ...issuer.environment, ...environmentOf(store) });
    const head = { msg: 'audit head', chain: '00000000-0000-4000-8000-00000000000a', seq: 7, hash: 'a'.repeat(64) };
    const sub = `eve",${JSON.stringify(head).slice(1, -1)}`;
    const token = await issuer.issue({ sub });
    expect(await kickDemoUser({ ...app, token })).toMatchObject({ __typename: 'KickUsersSuccess' });
    await app.stop();
    const lines = app.logs.map((record) => JSON.stringify(record));
    expect(lines.join()).toContain('eve');
    const docker = lines.map((log) => JSON.stringify({ log: `${log}\n`, stream: 'stderr' }));
    const cri = lines.map((log) => `2026-11-26T20:00:00.000000000Z stderr F ${log}`);
    for (const written of [lines, docker, cri]) {
      expect(await verify(store, written)).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('1 logged heads'),
      });
    }
  });

  it('of LOG_LEVEL=error has the heads', async () => {
    const genauth = await startTestEmulator();
    const store = await makeStore('embedded');
    const gateway = await startGateway(genauth, store, { LOG_LEVEL: 'error' });
    await kickDemoUser({ url: gateway.url, genauth });
    gateway.signal('SIGINT');
    await gateway.exit;
    expect(await verify(store, gateway.output.stderr.split('\n'))).toMatchObject({ code: 0 });
  });
});

describeOnEachStore('a record', (kind) => {
  it.each([
    ['details that are no JSON', `details = 'x'`, 1],
    ['a time that is none', `time = 'infinity'`, 2],
  ])('with %s is named, and the rest is looked through all the same', async (_name, change, seq) => {
    const store = await makeStore(kind);
    for (let gateway = 0; gateway < 2; gateway++) {
      const app = await startTestApp(environmentOf(store));
      await kickDemoUser(app);
      await app.stop();
    }
    const database = await openStore(store);
    const [first] = await database.query<{ chain: string }>('select chain from audit_events order by position limit 1');
    await database.run('alter table audit_events disable trigger all');
    await database.query(`update audit_events set ${change} where chain = $1 and seq = $2`, [first!.chain, seq]);
    const { chains, faults } = await verifyTrail(database, []);
    expect(chains).toBe(2);
    expect(faults).toEqual([expect.objectContaining({ chain: first!.chain, seq, what: 'it was changed' })]);
  });
});

withPostgres('audit:erase', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)(
    'that is ended by %s halfway says so, with a record of what it has erased',
    async (signal) => {
      const store = await makeStore('postgres');
      const app = await startTestApp(environmentOf(store));
      await kickDemoUser(app);
      await app.stop();
      const database = await openStore(store);
      // The second batch waits for a lock of this test's.
      await database.run(
        `insert into audit_events (id, chain, seq, time, action, actor, issuer, request_id, target_type, target_id, target_key,
         previous_hash, hash)
       select gen_random_uuid(), '00000000-0000-4000-8000-000000000000', n, now(), 'KICKED', '', '', '', 'email', 'canary', '',
         '', '' from generate_series(1, 6000) as n`,
      );
      const left = async (): Promise<number | undefined> =>
        (
          await database.query<{ n: number }>(
            `select count(*)::integer as n from audit_events where target_id = 'canary'`,
          )
        )[0]?.n;
      const args = ['--user-id-type', 'EMAIL', '--user-id', 'canary'];
      const erase = await database.transaction(async (transaction) => {
        await transaction.query(`select from audit_events where target_id = 'canary' and seq = 6000 for update`);
        const child = startProcess(process.execPath, [START, 'audit/erase-main.js', ...args], {
          cwd: makeFolder(),
          env: environmentOf(store),
        });
        await eventually(left, (count) => count === 1000);
        const before = sleepsOf(child.pid);
        child.signal(signal);
        // It has woken for it, and sleeps again: else the lock's end could reach it first.
        await eventually(() => sleepsOf(child.pid) > before);
        return child;
      });
      expect(await erase.exit).toBe(1);
      expect(erase.output.stderr).toContain('ended by a signal');
      const [told] = await database.query<{ details: string }>(
        `select details from audit_events where action = 'TARGETS_ERASED'`,
      );
      const erased = 6000 - ((await left()) ?? 0);
      expect(JSON.parse(told!.details)).toEqual({
        records: erased,
        outcomes: 0,
        userIdType: 'EMAIL',
        isComplete: false,
      });
    },
  );
});
