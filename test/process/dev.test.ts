/** `npm run dev`, in a copy of the sources: a change must not touch the ones that other tests build from. */
import { appendFileSync, cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { atEnd } from '../helpers/at-end';
import { eventually } from '../helpers/eventually';
import { ROOT, startProcess } from '../helpers/processes';
import { makeDataDir } from '../helpers/stores';

function copySources(): string {
  const copy = mkdtempSync(path.join(tmpdir(), 'dev-'));
  atEnd(async () => rmSync(copy, { recursive: true, force: true }));
  for (const name of ['src', 'package.json', 'tsconfig.json']) {
    cpSync(path.join(ROOT, name), path.join(copy, name), { recursive: true });
  }
  for (const name of ['schema', 'node_modules']) symlinkSync(path.join(ROOT, name), path.join(copy, name));
  return copy;
}

const starts = (log: string): number => log.split('"msg":"started"').length - 1;

it('a change starts the gateway anew once the old one has ended by itself', async () => {
  const cwd = copySources();
  const env = { PORT: '0', METRICS_PORT: '0', DATA_DIR: makeDataDir(), CI: 'true' };
  const { output } = startProcess('npm', ['run', 'dev'], { cwd, env });
  await eventually(() => starts(output.stderr) === 1, Boolean, 60_000);
  appendFileSync(path.join(cwd, 'src', 'main.ts'), '// changed\n');
  await eventually(() => starts(output.stderr) === 2, Boolean, 60_000);
  const [beforeSecond = ''] = output.stderr.split(/(?<="msg":"started".*\n)(?=[^]*"msg":"started")/);
  expect(output.stderr.slice(beforeSecond.length)).toContain('"msg":"stopped"');
});
