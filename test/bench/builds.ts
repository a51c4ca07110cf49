/**
 * Other builds of the gateway beside this one, to see what a change is worth: `BENCH_BUILDS=DIR,DIR`, each a folder with a
 * `dist` and the `node_modules` and `package.json` that go with it.
 */
import path from 'node:path';
import { KICK, type Row } from './rows';

export const otherBuilds = (): Row[] =>
  (process.env['BENCH_BUILDS'] ?? '')
    .split(',')
    .filter((folder) => folder !== '')
    .map((folder) => ({
      title: `the gateway, build ${path.basename(folder)}`,
      args: [path.resolve(folder, 'dist', 'main.js')],
      question: KICK,
      hasRecord: true,
    }));
