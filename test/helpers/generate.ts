import { cpSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { makeFolder } from './deployment';
import { ROOT, runProcess } from './processes';

/**
 * Runs the real code generator on our schema and operations, in a project of its own.
 * @param file `codegen.yml` or `codegen.ts`
 * @returns the folder with what it wrote
 */
export async function generate(file: string, config: string): Promise<string> {
  const cwd = makeFolder();
  for (const name of ['schema', 'node_modules']) symlinkSync(path.join(ROOT, name), path.join(cwd, name));
  cpSync(path.join(ROOT, 'schema', 'operations'), path.join(cwd, 'src'), { recursive: true });
  writeFileSync(path.join(cwd, file), config);
  const { code, stdout, stderr } = await runProcess(path.join(cwd, 'node_modules', '.bin', 'graphql-codegen'), ['--config', file], { cwd }); // prettier-ignore
  if (code !== 0) throw new Error(stdout + stderr);
  return path.join(cwd, 'src', 'generated');
}
