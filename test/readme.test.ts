/** The README promises; here it is held to it: every operation, command, variable and piece of code in it. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { stripIgnoredCharacters } from 'graphql';
import { VARIABLE_NAMES } from '../src/config';
import { VARIABLES } from '../src/config-variables';
import { execute, operation } from './helpers/execute';
import { generate } from './helpers/generate';
import { startTestIssuer } from './helpers/issuer';
import { startProcess } from './helpers/processes';
import { startTestApp } from './helpers/start-app';
import { makeDataDir } from './helpers/stores';
import { finishedJob } from './jobs/jobs';

const ROOT = path.join(__dirname, '..');
const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');
const readme = read('README.md');

/** The code blocks of one language, in order. */
const blocks = (language: string): string[] =>
  [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(([, code]) => code ?? '');

const commands = [...new Set(blocks('bash').flatMap((block) => block.trim().split('\n')))];

/** How each command is run: by a line that it prints, or by the script that can't end well without it. */
const PRINTS: Record<string, RegExp> = {
  'npm start': /^curl /m,
  'npm run dev': /^curl /m,
  'npm run emulator': /^DEMO_APP_ID=/m,
};
const RUN_BY: Record<string, string> = {
  'npm ci': '.ci/run',
  'npm run check': '.ci/run',
  'npm test': 'package.json',
  'npm run test:durability': '.ci/run',
  'npm run build': 'test/process/production.test.ts',
  'npm prune --omit=dev': 'test/process/production.test.ts',
  'NODE_ENV=production npm start': 'test/process/production.test.ts',
  'pg_dump --format=custom --file=gateway.dump "$DATABASE_URL"': 'test/process/production.test.ts',
  'pg_restore --no-owner --dbname="$RESTORED_URL" gateway.dump': 'test/process/production.test.ts',
  'DATABASE_URL="$RESTORED_URL" npm run audit:verify': 'test/process/production.test.ts',
  'jq --slurp add front-end/persisted-documents.json test/generated/persisted-documents.json > operations.json':
    'test/front-end/apollo-client.test.ts',
  'npm run audit:verify': 'test/audit/commands.test.ts',
  'npm run audit:verify -- --heads gateway-1.log --heads gateway-2.log': 'test/audit/several-logs.test.ts',
  'npm run audit:erase -- --user-id-type EMAIL --user-id alice@example.com': 'test/audit/commands.test.ts',
};

describe('commands', () => {
  test.each(commands.filter((command) => command in PRINTS))('%s starts and says what it should', async (command) => {
    const child = startProcess('bash', ['-c', command], {
      env: { PORT: '0', LOG_LEVEL: 'silent', DATA_DIR: makeDataDir() },
    });
    await child.stdoutMatching(PRINTS[command] ?? /^$/);
  });

  test.each(commands.filter((command) => !(command in PRINTS)))('%s is run by CI', (command) => {
    expect(RUN_BY).toHaveProperty([command]);
    expect(read(RUN_BY[command] ?? '')).toContain(command);
  });
});

describe('operations', () => {
  /** The operation of schema/operations that a block is, by its name there. */
  const nameOf = (text: string): string =>
    (/\w+ (\w+)/.exec(text)?.[1] ?? '').replaceAll(/(?<=[a-z])[A-Z]/g, '-$&').toLowerCase();
  const shown = new Map(blocks('graphql').map((text) => [nameOf(text), text]));
  const [kickUsers = '', viewer = '', startKickJob = ''] = ['kick-users', 'viewer', 'start-kick-job'].map((name) => shown.get(name)); // prettier-ignore

  test.each([...shown])('%s is the one in schema/operations', (name, text) => {
    expect(stripIgnoredCharacters(text)).toBe(stripIgnoredCharacters(operation(name)));
  });

  test('the job with the variables shown kicks both users, and skips the one named twice', async () => {
    const app = await startTestApp();
    const { data } = await execute(app, startKickJob, JSON.parse(blocks('json')[1] ?? ''));
    const job = await finishedJob(app, data.startKickJob.job.id);
    expect(job.progress).toEqual({ total: 3, pending: 0, kicked: 2, failed: 0, unknown: 0, skipped: 1 });
  });

  test('the kick with the variables shown succeeds against the emulator', async () => {
    const app = await startTestApp();
    const variables = JSON.parse(blocks('json')[0] ?? '');
    const { data } = await execute(app, kickUsers, variables);
    expect(data.kickUsers).toMatchObject({ __typename: 'KickUsersSuccess', success: true, statusCode: 200 });
  });

  test('the claims shown let a caller kick', async () => {
    const issuer = await startTestIssuer();
    const app = await startTestApp(issuer.environment);
    const { AUTH_ISSUER: iss, AUTH_AUDIENCE: aud } = issuer.environment;
    const claims = JSON.parse(blocks('json')[2] ?? '');
    const exp = Math.floor(Date.now() / 1000) + claims.exp - claims.iat;
    const token = await issuer.issue({ ...claims, iss, aud, exp });
    const { data } = await execute(app, viewer, {}, { token });
    expect(data.viewer).toEqual({ subject: claims.sub, issuer: iss, scopes: ['users:kick'] });
  });

  test('viewer tells who is calling', async () => {
    const { data } = await execute(await startTestApp(), viewer);
    expect(data.viewer).toEqual({ subject: 'developer', issuer: 'local', scopes: ['users:kick', 'kicks:read'] });
  });

  test('every operation of schema/operations is in it, once', () => {
    const files = readdirSync(path.join(ROOT, 'schema', 'operations')).map((file) => file.replace('.graphql', ''));
    expect(blocks('graphql').map(nameOf).toSorted()).toEqual(files.toSorted());
  });
});

test('the front end shown is the one that is compiled and run', () => {
  const run = ['kick-button', 'codegen', 'apollo-client'].map((name) => read(`test/front-end/${name}.ts`)).join('\n');
  expect(blocks('ts')).not.toEqual([]);
  for (const code of blocks('ts')) expect(run).toContain(code.trim());
});

test('the codegen.yml shown writes types for verbatimModuleSyntax, and a manifest of SHA-256', async () => {
  const folder = await generate('codegen.yml', blocks('yaml')[0] ?? '');
  const written = (file: string) => readFileSync(path.join(folder, file), 'utf8');
  for (const file of ['gql.ts', 'graphql.ts', 'fragment-masking.ts']) expect(written(file)).not.toMatch(/^import \{/m);
  const hashes = Object.keys(JSON.parse(written('persisted-documents.json')));
  expect(hashes).toHaveLength(readdirSync(path.join(ROOT, 'schema', 'operations')).length);
  for (const hash of hashes) expect(hash).toMatch(/^sha256:[0-9a-f]{64}$/);
});

/** The rows of the table of the configuration: names, and the defaults as they are written. */
const configuration = readme
  .slice(readme.indexOf('## Configuration'))
  .split('\n')
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, names = '', defaults = '']) => ({ names: [...names.matchAll(/`([A-Z][A-Z_]+)`/g)], defaults }))
  .filter(({ names, defaults }) => names.length > 0 && defaults !== '')
  .flatMap(({ names, defaults }) => {
    const each = defaults.split(', ');
    return names.map(([, name = ''], index) => [name, each[index] ?? each[0] ?? ''] as const);
  })
  .filter(([name]) => VARIABLE_NAMES.includes(name));

test('the configuration table names every variable once', () => {
  expect(configuration.map(([name]) => name).toSorted()).toEqual(VARIABLE_NAMES.toSorted());
});

test.each(configuration)('%s has the default that the configuration table tells: %s', (name, written) => {
  const used = VARIABLES.parse({})[name as keyof typeof VARIABLES.shape];
  const isNone = used === undefined || Array.isArray(used);
  expect(used).not.toEqual(expect.arrayContaining([expect.anything()]));
  // Without an address for the keys, the issuer's discovery document is asked.
  const none = name === 'AUTH_JWKS_URL' ? 'discovery' : 'none';
  expect(written).toBe(isNone ? none : `\`${String(used)}\``);
});

test('every file that it links to is there', () => {
  const links = [...readme.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, file]) => file ?? '');
  expect(links.length).toBeGreaterThan(3);
  for (const file of links) expect(() => read(file)).not.toThrow();
});
