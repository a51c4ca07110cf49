/** The environment's file: what is read of it, and what it says of every variable. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseConfig, readConfig, VARIABLE_NAMES } from '../src/config';
import { faultsOf, PRODUCTION } from './helpers/environment';

const WHOLE = 'must be a whole number';
const LOOPBACK = 'HOST must be a loopback address while callers need no token';

describe('.env', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'config-'));
    file = path.join(folder, '.env');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is read outside production, and the real environment wins', () => {
    writeFileSync(file, 'PORT=1111\nLOG_LEVEL=debug # why\nGENAUTH_LANG="ja-JP"\n');
    expect(readConfig({ PORT: '2222' }, file)).toMatchObject({
      port: 2222,
      logLevel: 'debug',
      genauth: { lang: 'ja-JP' },
    });
  });

  it('has its values switched off by empty ones', () => {
    writeFileSync(file, 'PORT=1111\nGENAUTH_LANG=ja-JP\n');
    expect(readConfig({ PORT: '' }, file)).toMatchObject({ port: 4000, genauth: { lang: 'ja-JP' } });
  });

  it('is not read in production', () => {
    writeFileSync(file, 'PORT=1111\n');
    expect(readConfig(PRODUCTION, file).port).toBe(4000);
  });

  it('need not be there', () => {
    expect(readConfig({}, file)).toEqual(parseConfig({}));
  });

  it('is checked like the environment, all faults in one report', () => {
    writeFileSync(file, 'PORT=canary\nHOST=0.0.0.0\n');
    expect(faultsOf({ LOG_LEVEL: 'x' }, (given) => readConfig(given, file))).toEqual([
      `PORT ${WHOLE}`,
      'LOG_LEVEL must be a pino level such as info',
      LOOPBACK,
    ]);
  });

  it('is one line of fault when it cannot be read', () => {
    mkdirSync(file);
    expect(faultsOf({}, (given) => readConfig(given, file))).toEqual([`${file} cannot be read (EISDIR)`]);
  });

  it('must not make it production, where it is not read', () => {
    writeFileSync(file, 'NODE_ENV=production\n');
    expect(faultsOf({}, (given) => readConfig(given, file))).toEqual([
      `${file} must not set NODE_ENV to production: set it in the environment`,
    ]);
    expect(readConfig({ NODE_ENV: 'test' }, file)).toEqual(parseConfig({}));
  });

  it('.env.example names every variable, and no other', () => {
    const example = readFileSync(path.join(__dirname, '..', '.env.example'), 'utf8');
    const names = example.split('\n').flatMap((line) => /^#?\s?([A-Z][A-Z0-9_]+)=/.exec(line)?.[1] ?? []);
    expect(names.toSorted()).toEqual([...VARIABLE_NAMES].toSorted());
  });

  it('.env.example as it stands, comments taken off, is accepted', () => {
    const example = readFileSync(path.join(__dirname, '..', '.env.example'), 'utf8');
    writeFileSync(file, example.replace(/^#(?=[A-Z][A-Z0-9_]+=)/gm, ''));
    expect(readConfig({}, file)).toEqual(parseConfig({}));
  });
});
