/** What the README has for three in the morning, pasted into a shell. */
import { spawnSync } from 'node:child_process';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { makeFolder } from './helpers/deployment';
import { startTestIssuer } from './helpers/issuer';
import { ROOT, runProcess } from './helpers/processes';
import { startTestApp } from './helpers/start-app';

const readme = readFileSync(path.join(ROOT, 'README.md'), 'utf8');
const script = [...readme.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, code]) => code ?? '').join('\n');

const hasTools = ['jq', 'curl'].every((tool) => spawnSync(tool, ['--version']).status === 0);
// As with PostgreSQL: where nothing may be left out, nothing is.
const withTools = hasTools || process.env['REQUIRE_POSTGRES'] !== undefined ? describe : describe.skip;

withTools('the commands for the night', () => {
  it('kick a user and a list, watch it, and tell what was done', async () => {
    const issuer = await startTestIssuer();
    const app = await startTestApp(issuer.environment);
    const token = await issuer.issue();
    const { directory } = app.genauth;
    const { appId } = directory.demoApp;
    const [first, ...others] = directory.users.map(({ userId }) => userId);
    for (const userId of [first!, ...others]) directory.signIn(userId, appId);
    const cwd = makeFolder();
    symlinkSync(path.join(ROOT, 'schema'), path.join(cwd, 'schema'));
    // As Windows ends lines, and with a user whom GenAuth doesn't know.
    writeFileSync(path.join(cwd, 'users.txt'), `${[...others, 'stranger'].join('\r\n')}\r\n\n`);

    const env = { GATEWAY: app.url, TOKEN: token, USER_ID: first!, APP_ID: appId };
    const { code, stdout, stderr } = await runProcess('bash', ['-euo', 'pipefail', '-c', script], { cwd, env });
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('"__typename":"KickUsersSuccess"');
    expect(stdout).toContain('event: complete');
    const answers = stdout.split('\n').filter((line) => line.startsWith('{'));
    const [failed, unknown, trail] = answers.slice(-3).map((line) => JSON.parse(line).data);
    const job = { state: 'COMPLETED', ticket: 'INC-1042' };
    const progress = { total: others.length + 1, kicked: others.length, failed: 1, unknown: 0 };
    const outcome = { node: { userId: 'stranger', state: 'FAILED', code: 'USER_NOT_FOUND' } };
    expect(failed.kickJob).toMatchObject({ ...job, progress, outcomes: { edges: [outcome] } });
    expect(unknown.kickJob).toMatchObject({ ...job, progress, outcomes: { edges: [] } });
    expect(trail.auditEvents.edges.length).toBeGreaterThan(0);
    for (const userId of [first!, ...others]) expect(directory.isOnline(userId, appId)).toBe(false);
  });
});
