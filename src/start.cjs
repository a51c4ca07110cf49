// `npm start`: runs the built gateway, and builds it first when a developer's sources are newer than the build.
// Plain JavaScript on purpose: it has to run before anything is compiled.
const { existsSync, readdirSync, statSync, utimesSync, writeFileSync } = require('node:fs');
const { spawnSync } = require('node:child_process');
const { enableCompileCache } = require('node:module');
const path = require('node:path');

const root = path.join(__dirname, '..');
const program = process.argv[2] ?? 'main.js';
const onlyBuild = program === '--build-only';
const entry = path.join(root, 'dist', program);
const stamp = path.join(root, 'dist', '.built');
const tsc = path.join(root, 'node_modules', 'typescript', 'bin', 'tsc');

/** The youngest change below `target`, folders included, so that a deleted file counts as one. Milliseconds. */
function newestChange(target) {
  const stat = statSync(target);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(target).map((name) => newestChange(path.join(target, name))));
}

function isBuildFresh() {
  if (!existsSync(entry) || !existsSync(stamp)) return false;
  const inputs = ['src', 'tsconfig.json', 'package-lock.json'].map((name) => newestChange(path.join(root, name)));
  return Math.max(...inputs) <= statSync(stamp).mtimeMs;
}

function build() {
  const startedAt = new Date();
  if (!existsSync(tsc)) return false;
  process.stderr.write('Building the gateway ...\n');
  const { status } = spawnSync(process.execPath, [tsc, '--project', root], { stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) process.exit(1);
  // Stamped with the time before the build: a file saved while it ran makes the next start build again.
  writeFileSync(stamp, '');
  utimesSync(stamp, startedAt, startedAt);
  return true;
}

// Whatever somebody has put behind `npm start --`.
if (!onlyBuild && !program.endsWith('.js')) {
  process.stderr.write(
    '`npm start` takes no arguments: what can be set is in the environment (README, Configuration).\n',
  );
  process.exit(2);
}
// A release has no compiler, and files that its making has touched: its build is the one that is meant.
const isRelease = process.env.NODE_ENV === 'production' || !existsSync(tsc);
const mustBuild = onlyBuild || (isRelease ? !existsSync(entry) : !isBuildFresh());
if (mustBuild && ((isRelease && !onlyBuild) || !build())) {
  process.stderr.write('There is no build of the gateway: run `npm ci --include=dev && npm run build` first.\n');
  process.exit(1);
}
if (onlyBuild) process.exit(0);
// From Node 22 on, what was compiled is kept, for workers too: a start takes a sixth less.
process.env.NODE_COMPILE_CACHE ??= path.join(root, 'node_modules', '.cache', 'compiled');
enableCompileCache?.();
// The program sees its own arguments only.
process.argv.splice(1, 2, entry);
require(entry);
