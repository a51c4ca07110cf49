/** What a production machine has: the build and the packages that aren't for development. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ROOT } from './processes';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** An empty folder that goes with the test file; a place to run in, where no `.env` of a developer's lies. */
export function makeFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'gateway-'));
  folders.push(folder);
  return folder;
}

interface LockedPackage {
  dev?: boolean;
}

/** The folders below node_modules that `npm ci --omit=dev` would make, packages within packages left to their owners. */
function productionPackages(): string[] {
  const lock: { packages: Record<string, LockedPackage> } = JSON.parse(
    readFileSync(path.join(ROOT, 'package-lock.json'), 'utf8'),
  );
  return Object.entries(lock.packages)
    .filter(([name, { dev }]) => dev !== true && /^node_modules\/(?!.*node_modules\/)/.test(name))
    .map(([name]) => name)
    .filter((name) => existsSync(path.join(ROOT, name)));
}

/** A start script, maybe a build, and production packages. Run it with {@link DEPLOYED_ENV}. */
export function makeDeployment({ hasBuild }: { hasBuild: boolean }): string {
  const folder = makeFolder();
  const files = ['package.json', 'src/start.cjs', ...(hasBuild ? ['dist'] : [])];
  for (const file of files) cpSync(path.join(ROOT, file), path.join(folder, file), { recursive: true });
  for (const name of productionPackages()) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    symlinkSync(path.join(ROOT, name), path.join(folder, name));
  }
  return folder;
}

/** Packages that are linked find each other in the deployment, not where the links lead: development's are there. */
export const DEPLOYED_ENV = { NODE_ENV: 'production', NODE_OPTIONS: '--preserve-symlinks' };
