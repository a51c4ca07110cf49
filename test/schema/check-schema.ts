/**
 * `npm run check:schema`: the committed schema is the one that the code makes, and what changed since the last commit
 * is reported, breaking changes first. With ALLOW_BREAKING_SCHEMA=1 a breaking change is reported but let through.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { diff, CriticalityLevel } from '@graphql-inspector/core';
import { buildSchema } from 'graphql';
import { printContract, SCHEMA_FILE } from '../../src/emit-schema';

export const CURE = 'Run `npm run schema`, look at the difference and commit it.';

/** One line for each change that breaks clients. */
export async function findBreakingChanges(before: string, after: string): Promise<string[]> {
  const changes = await diff(buildSchema(before), buildSchema(after));
  return changes
    .filter(({ criticality }) => criticality.level === CriticalityLevel.Breaking)
    .map(({ message }) => `BREAKING: ${message}`);
}

/** The file as of a revision; null when there is none. */
function committed(revision: string): string | null {
  try {
    const file = `${revision}:schema/schema.graphql`;
    return execFileSync('git', ['show', file], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return null;
  }
}

async function main(): Promise<number> {
  const emitted = printContract();
  if (emitted !== readFileSync(SCHEMA_FILE, 'utf8')) {
    console.error(`schema/schema.graphql is not what the code makes. ${CURE}`);
    return 1;
  }
  const head = committed('HEAD');
  const isCommitted = head === emitted;
  const before = isCommitted ? committed('HEAD~1') : head;
  if (before === null) return 0;
  const breaking = await findBreakingChanges(before, emitted);
  for (const line of breaking) console.error(line);
  // What is committed has been decided already; it is only reported.
  const isRefused = breaking.length > 0 && !isCommitted && process.env['ALLOW_BREAKING_SCHEMA'] !== '1';
  if (isRefused) console.error('These break clients. If that is meant, set ALLOW_BREAKING_SCHEMA=1.');
  return isRefused ? 1 : 0;
}

if (require.main === module) {
  main().then(
    (code) => process.exit(code),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
}
