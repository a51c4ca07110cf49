/** Real PostgreSQL servers for tests: from the binaries on this machine, in a folder of their own, on a free port. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import { eventually } from './eventually';
import { freePort } from './free-port';

export interface PostgresServer {
  /** Of its `postgres` database. */
  url: string;
  /** The file with its certificate, if it has one. */
  certificate: string;
  /** Of its first process, the parent of all others. */
  pid: () => number;
  /** Ends it, connections first (`fast`) or without a word (`immediate`), and starts it again on the same data. */
  restart: (mode?: 'fast' | 'immediate') => Promise<void>;
  halt: (mode?: 'fast' | 'immediate') => Promise<void>;
  start: () => Promise<void>;
  /** Ends it and deletes its data. */
  stop: () => Promise<void>;
}

/** The folder with `initdb` and `postgres`, newest release first; undefined when this machine has none. */
function findBinaries(): string | undefined {
  const debian = '/usr/lib/postgresql';
  const releases = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [...releases.map((release) => path.join(debian, release, 'bin')), ...process.env['PATH']!.split(':')];
  return folders.find((folder) => existsSync(path.join(folder, 'initdb')));
}

export const hasPostgres = (): boolean => findBinaries() !== undefined;

/** PostgreSQL refuses to run as root; its package makes a user for it. */
function otherUser(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const idOf = (flag: string) => Number(spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' }).stdout);
  return { uid: idOf('-u'), gid: idOf('-g') };
}

const canConnect = async (url: string): Promise<boolean> => {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
};

/**
 * @param withTls its certificate is for `localhost`, signed by itself; it stands in `certificate`
 * @param isDurable with fsync, as production has it; tests kill processes, not machines, and do without
 */
export async function startPostgres({ withTls = false, isDurable = false } = {}): Promise<PostgresServer> {
  const bin = findBinaries();
  if (bin === undefined) throw new Error('There is no PostgreSQL on this machine.');
  const folder = mkdtempSync(path.join(tmpdir(), 'gateway-postgres-'));
  const user = otherUser();
  if (user.uid !== undefined && user.gid !== undefined) chownSync(folder, user.uid, user.gid);
  const data = path.join(folder, 'data');
  const made = spawnSync(path.join(bin, 'initdb'), ['-D', data, '-U', 'postgres', '-A', 'trust', '-N', '-E', 'UTF8'], {
    ...user,
    // Not that of whoever runs the tests, which this machine may not have.
    env: { ...process.env, LC_ALL: 'C' },
    cwd: folder,
    encoding: 'utf8',
  });
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`);
  const port = await freePort();
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  const flags = ['-D', data, '-k', folder, '-h', '127.0.0.1', '-p', String(port)];
  const fsync = `fsync=${isDurable ? 'on' : 'off'}`;
  const settings = [fsync, 'max_connections=200', 'log_min_messages=fatal'].flatMap((setting) => ['-c', setting]);
  const [certificate, key] = ['server.crt', 'server.key'].map((file) => path.join(folder, file)) as [string, string];
  if (withTls) {
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
    const args = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', certificate, ...subject];
    const signed = spawnSync('openssl', args, { ...user, cwd: folder, encoding: 'utf8' });
    if (signed.status !== 0) throw new Error(`openssl failed: ${signed.stderr}`);
    settings.push('-c', 'ssl=on', '-c', `ssl_cert_file=${certificate}`, '-c', `ssl_key_file=${key}`);
  }
  let server: ChildProcess;
  const start = async () => {
    server = spawn(path.join(bin, 'postgres'), [...flags, ...settings], { ...user, cwd: folder, stdio: 'ignore' });
    const hasEnded = (): boolean => server.exitCode !== null || server.signalCode !== null;
    await eventually(async () => hasEnded() || (await canConnect(url)), Boolean, 60_000);
    if (hasEnded()) throw new Error(`PostgreSQL ended at once, at port ${port}`);
  };
  const halt = async (mode: 'fast' | 'immediate' = 'fast') => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    server.kill(mode === 'fast' ? 'SIGINT' : 'SIGQUIT');
    await once(server, 'exit');
  };
  await start();
  return {
    url,
    certificate,
    pid: () => server.pid ?? 0,
    start,
    halt,
    restart: async (mode) => {
      await halt(mode);
      await start();
    },
    stop: async () => {
      await halt('immediate');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** An empty database of its own on a server. @returns its address */
export async function createDatabase(serverUrl: string): Promise<string> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  const client = new Client({ connectionString: serverUrl });
  await client.connect();
  await client.query(`create database ${name}`);
  await client.end();
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}
