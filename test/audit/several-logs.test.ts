/**
 * What is given to a command more than once counts each time, or is refused: a proof that left a log out would be none.
 *
 * `npm run audit:verify -- --heads gateway-1.log --heads gateway-2.log`.
 */
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Client } from 'pg';
import { makeFolder } from '../helpers/deployment';
import { kick } from '../helpers/execute';
import { environmentOf, START } from '../helpers/gateway-process';
import { runProcess } from '../helpers/processes';
import { startTestApp, type TestApp } from '../helpers/start-app';
import { makeStore, withPostgres } from '../helpers/stores';

withPostgres('the commands of a trail that two gateways have written', () => {
  async function setUp() {
    const store = await makeStore('postgres');
    const env = environmentOf(store);
    const run = (script: string, ...args: string[]) =>
      runProcess(process.execPath, [START, `audit/${script}-main.js`, ...args], { cwd: makeFolder(), env });
    const kickUser = (app: TestApp, userId: string) =>
      kick(app, { userId, appIds: [app.genauth.directory.demoApp.appId] });
    const apps = [await startTestApp(env), await startTestApp(env)] as const;
    // Both chains have begun before the last kicks, or the younger one would vouch for the older.
    for (const app of apps) await kickUser(app, 'early');
    const logOf = async (app: TestApp, userId: string) => {
      await kickUser(app, userId);
      await app.stop();
      const file = path.join(makeFolder(), 'gateway.log');
      writeFileSync(file, app.logs.map((record) => JSON.stringify(record)).join('\n'));
      return file;
    };
    const logs = [await logOf(apps[0], 'alice'), await logOf(apps[1], 'bob')] as const;
    return { url: store.url!, run, logs };
  }

  /** The end of the chain in which a user stands, with what vouches for it in the database. */
  async function cutOff(url: string, userId: string): Promise<void> {
    const client = new Client({ connectionString: url });
    await client.connect();
    await client.query('alter table audit_events disable trigger user');
    const { rows } = await client.query<{ chain: string; seq: number }>(
      'select chain, min(seq)::integer - 1 as seq from audit_events where target_id = $1 group by chain',
      [userId],
    );
    const { chain, seq } = rows[0]!;
    await client.query('delete from audit_events where chain = $1 and seq > $2', [chain, seq]);
    await client.query(
      `update audit_chains set head_seq = $2::integer,
         head_hash = (select hash from audit_events where chain = $1::uuid and seq = $2::integer) where chain = $1::uuid`,
      [chain, seq],
    );
    await client.query('alter table audit_events enable trigger user');
    await client.end();
  }

  it('compare the heads of all logs that they are given', async () => {
    const { url, run, logs } = await setUp();
    const [one, other] = logs;
    const whole = await run('verify', '--heads', one, '--heads', other);
    expect(whole).toMatchObject({ code: 0, stdout: expect.stringContaining(', 2 logged heads compared') });
    await cutOff(url, 'alice');
    for (const [first, second] of [
      [one, other],
      [other, one],
    ] as const) {
      const broken = await run('verify', '--heads', first, '--heads', second);
      expect(broken).toMatchObject({ code: 1, stdout: expect.stringContaining('is gone') });
    }
    writeFileSync(other, '');
    expect(await run('verify', '--heads', one, '--heads', other)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no line "audit head"'),
    });
    rmSync(one);
    expect(await run('verify', '--heads', one)).toMatchObject({ code: 1, stderr: expect.stringContaining('ENOENT') });
  });

  it('erase one user at a time', async () => {
    const { run } = await setUp();
    const ids = ['--user-id', 'alice', '--user-id', 'bob'];
    expect(await run('erase', '--user-id-type', 'USER_ID', ...ids)).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^usage: /),
    });
    expect((await run('verify')).stdout).toContain(', 0 erased targets');
  });
});
