/** What the README has for three in the morning, pasted into a shell. */
import { spawnSync } from 'node:child_process';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { makeFolder } from './helpers/deployment';
import { startTestIssuer } from './helpers/issuer';
import { ROOT, runProcess } from './helpers/processes';
import { startTestApp, startTestEmulator, type TestApp } from './helpers/start-app';
import { finishedJob } from './jobs/jobs';

const readme = readFileSync(path.join(ROOT, 'README.md'), 'utf8');
const [script = '', cancel = '', retry = '', listAgain = '', ...others] = [
  ...readme.matchAll(/^```sh\n(.*?)^```$/gms),
].map(([, code]) => code ?? '');
/** What comes before a comment of the script, and what comes from there on. */
const cutAt = (comment: string): [string, string] => {
  const at = script.indexOf(`\n# ${comment}`);
  if (at < 0) throw new Error(`The README has no "# ${comment}"`);
  return [script.slice(0, at), script.slice(at)];
};

const hasTools = ['jq', 'curl'].every((tool) => spawnSync(tool, ['--version']).status === 0);
// As with PostgreSQL: where nothing may be left out, nothing is.
const withTools = hasTools || process.env['REQUIRE_POSTGRES'] !== undefined ? describe : describe.skip;

/** More than a page of a hundred of either kind, and together more than are under way at once. */
const KNOWN = 105;
const strangers = Array.from({ length: 150 }, (_, index) => `stranger ${index}`);

withTools('the commands for the night', () => {
  let app: TestApp;
  let env: Record<string, string>;
  let cwd: string;
  let userId: string;
  let appId: string;
  let secondApp: string;
  let known: string[];

  beforeAll(async () => {
    const issuer = await startTestIssuer();
    app = await startTestApp(issuer.environment, await startTestEmulator({ extraUsers: KNOWN }));
    const { directory } = app.genauth;
    ({ userId } = directory.demoUser);
    ({ appId } = directory.demoApp);
    secondApp = directory.apps.map((each) => each.appId).find((id) => id !== appId)!;
    known = directory.users.filter(({ name }) => name.startsWith('load-')).map((user) => user.userId);
    env = { GATEWAY: app.url, TOKEN: await issuer.issue(), USER_ID: userId, APP_IDS: ` ${appId}  ${secondApp} ` };
    app = { ...app, token: env['TOKEN']! };
  });

  /** A list as Windows begins it and ends its lines, with blanks around them and lines of nothing. */
  beforeEach(() => {
    for (const id of [userId, ...known]) for (const each of [appId, secondApp]) app.genauth.directory.signIn(id, each);
    cwd = makeFolder();
    symlinkSync(path.join(ROOT, 'schema'), path.join(cwd, 'schema'));
    const lines = [...known.slice(0, -1), `\t${known.at(-1)!}`, '', ' \t', ...strangers];
    writeFileSync(path.join(cwd, 'users.txt'), `\ufeff${lines.join(' \r\n')}\r\n\n`);
  });

  const paste = (commands: string) => runProcess('bash', ['-euo', 'pipefail', '-c', commands], { cwd, env });
  const itemsOf = (file: string): Record<string, unknown>[] =>
    readFileSync(path.join(cwd, file), 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  const answersOf = (stdout: string) => stdout.split('\n').filter((line) => line.startsWith('{"data"'));
  const isOnline = (id: string) => [appId, secondApp].some((each) => app.genauth.directory.isOnline(id, each));
  const countOf = (events: Record<string, unknown>[], action: string) =>
    events.filter((event) => event['action'] === action).length;

  it('are these', () => expect(others).toEqual([]));

  it('kick a user and a list, watch it, tell who is not out and what was done, and try them again', async () => {
    const { code, stdout, stderr } = await paste(`${script}\n${retry}`);
    expect([code, stderr]).toEqual([0, '']);
    expect([userId, ...known].filter(isOnline)).toEqual([]);
    expect(stdout).toContain('"__typename":"KickUsersSuccess"');
    expect(stdout).toContain('event: complete');
    const total = known.length + strangers.length;
    const progress = { total, pending: 0, kicked: known.length, failed: strangers.length, unknown: 0, skipped: 0 };
    expect(stdout).toContain(JSON.stringify(progress));

    const notOut = itemsOf('not-out.jsonl').map((item) => [item['userId'], item['state'], item['code']]);
    expect(notOut).toEqual(strangers.map((stranger) => [stranger, 'FAILED', 'USER_NOT_FOUND']));
    const events = itemsOf('record.jsonl');
    const counts = ['JOB_STARTED', 'KICK_REQUESTED', 'KICK_SUCCEEDED', 'KICK_FAILED'].map((action) => countOf(events, action)); // prettier-ignore
    expect(counts).toEqual([1, total, known.length, strangers.length]);
    expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);

    const { data } = JSON.parse(answersOf(stdout).at(-1) ?? '');
    const again = await finishedJob(app, data.retryKickJob.job.id);
    expect(again.progress).toMatchObject({ total: strangers.length, failed: strangers.length });
  });

  it('cancel a job, tell what was done until then, and kick the rest after all', async () => {
    const [start, rest] = cutAt('Watch it');
    app.genauth.faults.always({ kind: 'delay', ms: 3000 });
    const { code, stdout, stderr } = await paste(`${start.replace('users.txt"', 'wrong list"')}\n${cancel}\n${rest}`);
    app.genauth.faults.clear();
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('"__typename":"CancelKickJobSuccess"');
    expect(stdout).toContain('event: complete');
    const skipped = itemsOf('not-out.jsonl').filter(({ state }) => state === 'SKIPPED');
    expect(stdout).toContain(`"skipped":${skipped.length}`);
    expect(skipped.length).toBeGreaterThan(0);
    expect(countOf(itemsOf('record.jsonl'), 'JOB_CANCELLED')).toBe(1);

    const [definitions] = cutAt('One user, now');
    const startList = start.slice(cutAt('A list, one id')[0].length).replace('users.txt"', 'the rest"');
    const again = await paste(`${definitions}\n${listAgain}\n${startList}`);
    expect([again.code, again.stderr]).toEqual([0, '']);
    const { data } = JSON.parse(answersOf(again.stdout).at(-1) ?? '');
    const { progress } = await finishedJob(app, data.startKickJob.job.id);
    expect(progress).toMatchObject({ total: itemsOf('not-out.jsonl').length, unknown: 0, skipped: 0 });
    expect(known.filter(isOnline)).toEqual([]);
  });

  it('leave out whom the list names twice, and those alone, of the skipped', async () => {
    writeFileSync(path.join(cwd, 'users.txt'), [known[0], known[0], strangers[0]].join('\n'));
    const { code, stderr } = await paste(script.replace('users.txt"', 'twice"'));
    expect([code, stderr]).toEqual([0, '']);
    expect(itemsOf('not-out.jsonl').map(({ userId: user }) => user)).toEqual([strangers[0]]);
  });

  it('go on behind a skipped user who has been erased', async () => {
    const [upTo] = cutAt('What was done');
    const pages = `pages() { echo '{"userId":null,"state":"SKIPPED","code":null,"message":null}'; }`;
    const { code, stderr } = await paste(`JOB=j\n${pages}\n${upTo.slice(cutAt('Who is not out')[0].length)}`);
    expect([code, stderr]).toEqual([0, '']);
    expect(itemsOf('not-out.jsonl')).toEqual([]);
  });

  it.each([
    ['nothing', 'ask() { cat >sent.json; }'],
    ['what is no JSON', 'ask() { cat >sent.json; echo "<html>504 Gateway Time-out</html>"; }'],
    [
      'an error',
      'ask() { cat >sent.json; echo "{\\"data\\":{\\"startKickJob\\":{\\"code\\":\\"AUDIT_UNAVAILABLE\\"}}}"; }',
    ],
  ])('know of no job where the answer is %s, and do not say that there is none', async (_, ask) => {
    const [start] = cutAt('Watch it');
    const [definitions] = cutAt('One user, now');
    const { stderr } = await paste(`${definitions}\n${ask}\n${start.slice(cutAt('A list, one id')[0].length)}`);
    expect(stderr).toMatch(/^NO JOB IS KNOWN: .*$/m);
  });

  it.each([
    ['of errors alone', 'TOKEN=none', 'UNAUTHENTICATED'],
    ['without a list', 'JOB=00000000-0000-4000-8000-000000000000', '"kickJob":null'],
    ['that is none', 'ask() { echo; }', ''],
    ['that is no JSON', 'ask() { echo Bad gateway; }', 'Bad gateway'],
    ['that never came', 'GATEWAY=http://127.0.0.1:9', 'curl'],
  ])('end a list at an answer %s, and show it', async (_, change, shown) => {
    const [definitions] = cutAt('One user, now');
    const { code, stdout, stderr } = await paste(
      `${definitions}\nJOB=none\n${change}\npages kick-job --arg id "$JOB" '{ $query, variables: { $id, $after } }'`,
    );
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain(shown);
  });
});
