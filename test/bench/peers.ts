/** The peers' packages, which nothing but the benchmark needs. */
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';

const FOLDER = path.join(__dirname, 'peers');

/** Installs them when they aren't there, or others are asked for by now. @throws when npm can't */
export function installPeers(): void {
  // npm writes this file last.
  const installed = path.join(FOLDER, 'node_modules', '.package-lock.json');
  const lockfile = path.join(FOLDER, 'package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lockfile).mtimeMs) return;
  console.log('Installing the peers ...');
  const { status } = spawnSync('npm', ['ci', '--no-progress', '--loglevel=error'], { cwd: FOLDER, stdio: 'inherit' });
  if (status !== 0) throw new Error('npm could not install the peers (test/bench/peers)');
}
