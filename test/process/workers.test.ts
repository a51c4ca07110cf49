/** WORKERS: several processes on one port, with one store, minded by a primary process that serves nobody itself. */
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { atEnd } from '../helpers/at-end';
import { eventually } from '../helpers/eventually';
import { kick } from '../helpers/execute';
import { logOf, makeProduction, spawnGateway, urlOf, type Env } from '../helpers/production-processes';
import { startPostgres } from '../helpers/postgres';
import { type Child } from '../helpers/processes';
import { sendRaw } from '../helpers/raw-request';
import { makeDataDir, makeStore, withPostgres } from '../helpers/stores';

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);

/** Node's own mark: until it is there, the process is being made, and the primary waits for that. */
const isWorker = (pid: number): boolean => readFileSync(`/proc/${pid}/environ`, 'utf8').includes('NODE_UNIQUE_ID=');

const started = (gateway: Child) => logOf(gateway).filter(({ msg }) => msg === 'started');
/** The processes that have said that they serve, the primary left out. */
const workersOf = (gateway: Child): number[] =>
  started(gateway)
    .filter(({ workers }) => workers === undefined)
    .map(({ pid }) => Number(pid));
const banners = ({ output }: Child): number => output.stdout.match(/^genauth-kick-gateway /gm)?.length ?? 0;
const draining = (gateway: Child, pids: number[]) =>
  eventually(() =>
    pids.every((pid) => logOf(gateway).some((line) => line['pid'] === pid && line['msg'] === 'stopping')),
  );

withPostgres('workers', () => {
  let production: Awaited<ReturnType<typeof makeProduction>>;
  beforeAll(async () => {
    production = await makeProduction({ WORKERS: '2', SHUTDOWN_GRACE_MS: '0' });
  });

  const begin = async (change: Env = {}) => {
    const gateway = spawnGateway({ ...production.env, ...change });
    const url = await urlOf(gateway);
    await eventually(() => started(gateway).length === 3);
    return { gateway, app: { url, token: production.token }, workers: workersOf(gateway) };
  };
  /** Which process answers a connection of its own. */
  const whoAnswers = async (gateway: Child, url: string): Promise<unknown> => {
    const { headers } = await sendRaw(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${production.token}` },
      body: '{"query":"{ __typename }"}',
    });
    const requestId = headers['x-request-id'];
    const line = await eventually(() => logOf(gateway).find((record) => record['requestId'] === requestId) ?? null);
    return line?.['pid'];
  };

  it('all serve on one port, are announced once, and one that is killed is replaced', async () => {
    const { gateway, app, workers } = await begin();
    expect(new Set(workers).size).toBe(2);
    expect(gateway.output.stdout).toMatch(/^ {2}Workers {2}2$/m);
    const answered = new Set<unknown>();
    await eventually(async () => answered.add(await whoAnswers(gateway, app.url)).size === 2);
    expect([...answered].toSorted()).toEqual(workers.toSorted());

    const [victim = 0, survivor = 0] = workers;
    process.kill(victim, 'SIGKILL');
    await eventually(() => workersOf(gateway).length === 3);
    const successor = workersOf(gateway)[2]!;
    const later = new Set<unknown>();
    await eventually(async () => later.add(await whoAnswers(gateway, app.url)).size === 2);
    expect([...later].toSorted()).toEqual([survivor, successor].toSorted());
    expect(await kick(app, production.input)).toMatchObject({ __typename: 'KickUsersSuccess' });
    expect(logOf(gateway)).toContainEqual(expect.objectContaining({ level: 50, worker: victim, signal: 'SIGKILL' }));
    expect(banners(gateway)).toBe(1);

    gateway.signal('SIGTERM');
    expect(await gateway.exit).toBe(0);
    expect([victim, survivor, successor].filter(isAlive)).toEqual([]);
  });

  it('one that dies has a successor even while the database is away, and that one another, after a longer wait', async () => {
    const postgres = await startPostgres();
    atEnd(() => postgres.stop());
    const { gateway, workers } = await begin({ DATABASE_URL: postgres.url });
    await postgres.halt('immediate');
    process.kill(workers[0]!, 'SIGKILL');
    const waiting = await eventually(
      () => logOf(gateway).find(({ msg }) => msg === 'the database is not there yet')?.['pid'] ?? 0,
    );
    process.kill(Number(waiting), 'SIGKILL');
    await eventually(() => logOf(gateway).some(({ worker }) => worker === waiting));
    await postgres.start();
    await eventually(() => workersOf(gateway).length === 3);
    const waits = logOf(gateway).flatMap(({ waitMs }) => (waitMs === undefined ? [] : [waitMs]));
    expect(waits).toEqual([100, 200]);
    gateway.signal('SIGTERM');
    expect(await gateway.exit).toBe(0);
    expect(banners(gateway)).toBe(1);
  });

  it('one that dies while others are starting has a successor, too', async () => {
    const gateway = spawnGateway(production.env);
    const children = await eventually(
      () => childrenOf(gateway.pid).filter(isWorker),
      ({ length }) => length === 2,
    );
    const late = children[1]!;
    process.kill(late, 'SIGSTOP');
    const [victim = 0] = await eventually(
      () => workersOf(gateway),
      ({ length }) => length === 1,
    );
    process.kill(victim, 'SIGKILL');
    await eventually(() => !isAlive(victim));
    process.kill(late, 'SIGCONT');
    await eventually(() => workersOf(gateway).length === 3);
    const successor = workersOf(gateway)[2]!;
    expect(childrenOf(gateway.pid).toSorted()).toEqual([late, successor].toSorted());
    gateway.signal('SIGTERM');
    expect(await gateway.exit).toBe(0);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)(
    '%s while they start, to the primary or to all, ends them well',
    async (signal) => {
      for (const toAll of [false, true]) {
        const gateway = spawnGateway(production.env);
        const children = await eventually(
          () => childrenOf(gateway.pid).filter(isWorker),
          ({ length }) => length === 2,
        );
        if (toAll) gateway.signalGroup(signal);
        else gateway.signal(signal);
        expect(await gateway.exit).toBe(0);
        await eventually(() => !children.some(isAlive));
        expect([banners(gateway), logOf(gateway).filter(({ level }) => Number(level) > 40)]).toEqual([0, []]);
      }
    },
  );

  it('a signal to all that ends a worker before the primary hears of it ends them well, too', async () => {
    // Whether the primary was told within the time in which a signal counts as the same one.
    const endInTurn = async (): Promise<boolean> => {
      const gateway = spawnGateway(production.env);
      const [first = 0] = await eventually(
        () => childrenOf(gateway.pid).filter(isWorker),
        ({ length }) => length === 2,
      );
      process.kill(first, 'SIGTERM');
      let aliveAt = 0;
      for (let now = performance.now(); isAlive(first); now = performance.now()) {
        aliveAt = now;
        await turn();
      }
      gateway.signal('SIGTERM');
      const isInTime = performance.now() - aliveAt < 700;
      expect([0, isInTime ? 0 : 1]).toContain(await gateway.exit);
      if (!isInTime) return false;
      expect(logOf(gateway).filter(({ level }) => Number(level) > 40)).toEqual([]);
      return true;
    };
    await eventually(endInTurn, Boolean, 60_000);
  });

  it('SIGTERM drains all of them: what is under way is answered', async () => {
    const { gateway, app, workers } = await begin();
    const before = production.genauth.receivedCount();
    production.genauth.faults.next({ kind: 'delay', ms: 1000 }, 4);
    const underWay = Array.from({ length: 4 }, () => kick(app, production.input));
    await eventually(() => production.genauth.receivedCount() === before + 4);
    gateway.signal('SIGTERM');
    await draining(gateway, workers);
    for (const payload of await Promise.all(underWay))
      expect(payload).toMatchObject({ __typename: 'KickUsersSuccess' });
    expect(await gateway.exit).toBe(0);
    expect(workers.filter(isAlive)).toEqual([]);
  });

  it('Ctrl-C, which all processes of a terminal get at once, drains them, too', async () => {
    const { gateway, app } = await begin({ SHUTDOWN_GRACE_MS: '600000' });
    const before = production.genauth.receivedCount();
    production.genauth.faults.next({ kind: 'delay', ms: 1000 });
    const underWay = kick(app, production.input);
    await eventually(() => production.genauth.receivedCount() === before + 1);
    gateway.signalGroup('SIGINT');
    expect(await underWay).toMatchObject({ __typename: 'KickUsersSuccess' });
    expect(await gateway.exit).toBe(0);
  });

  it('a second signal ends all of them at once', async () => {
    const { gateway, app, workers } = await begin({ SHUTDOWN_GRACE_MS: '600000' });
    const before = production.genauth.receivedCount();
    production.genauth.faults.next({ kind: 'never' });
    const underWay = kick(app, production.input).catch(() => 'cut off');
    await eventually(() => production.genauth.receivedCount() === before + 1);
    gateway.signal('SIGTERM');
    await draining(gateway, workers);
    // Those of the first second are echoes of the first.
    const again = setInterval(() => gateway.signal('SIGTERM'), 100);
    expect(await gateway.exit).toBe(1);
    clearInterval(again);
    expect(await underWay).toBe('cut off');
    await eventually(() => !workers.some(isAlive));
  });

  it('none of them outlives the primary', async () => {
    const { gateway, workers } = await begin();
    gateway.signal('SIGKILL');
    await eventually(() => !workers.some(isAlive));
  });

  it.each<[string, () => Promise<Env>, string]>([
    ['a taken port', async () => ({ PORT: await takenPort() }), 'HOST and PORT are taken by another process; set another PORT, or 0 for a free one'], // prettier-ignore
    ['a wrong variable', async () => ({ GENAUTH_LANG: 'canary' }), 'GENAUTH_LANG must be en-US, zh-CN, ja-JP or zh-TW'],
  ])('a start that fails says so once, not once a worker, and exits 1: %s', async (_name, change, line) => {
    const gateway = spawnGateway({ ...production.env, LOG_LEVEL: 'silent', ...(await change()) });
    expect(await gateway.exit).toBe(1);
    expect(gateway.output).toEqual({ stdout: '', stderr: `${line}\n` });
  });

  it('their metrics are summed, on whichever of them /metrics is asked for', async () => {
    const { DATABASE_URL } = production.env;
    const gateway = spawnGateway({ PORT: '0', WORKERS: '3', DATABASE_URL: DATABASE_URL ?? '' });
    const url = await urlOf(gateway);
    const metrics = await eventually(
      async () => (await fetch(`${url}/metrics`)).text(),
      (text) => /^kick_gateway_workers 3$/m.test(text),
    );
    expect(metrics).toMatch(/^process_resident_memory_bytes \d+$/m);
  });

  it('on METRICS_PORT the primary answers for all, and what a worker has counted outlives it', async () => {
    const { gateway, app, workers } = await begin();
    const [, metricsUrl = ''] = /^ {2}Metrics {2}(\S+)$/m.exec(gateway.output.stdout) ?? [];
    expect((await fetch(`${app.url}/metrics`)).status).toBe(404);
    const read = async (name: string): Promise<number> => {
      const metrics = await (await fetch(metricsUrl)).text();
      const line = metrics.split('\n').find((text) => text.startsWith(`${name} `));
      return Number(line?.slice(name.length));
    };
    const SUCCESSES = 'kick_gateway_kicks_total{origin="single",outcome="SUCCESS"}';
    for (let each = 0; each < 5; each += 1) await kick(app, production.input);
    // A worker that is too busy to tell is left out, or counts as before.
    const isRead = (count: number) =>
      eventually(
        () => read(SUCCESSES),
        (found) => found === count,
      );
    await isRead(5);
    for (const pid of workers) process.kill(pid, 'SIGKILL');
    await eventually(async () => (await read('kick_gateway_workers')) === 2 && workersOf(gateway).length === 4);
    await isRead(5);
    await kick(app, production.input);
    await isRead(6);
  });

  it('METRICS_PORT that is taken keeps all of them from starting', async () => {
    const gateway = spawnGateway({ ...production.env, LOG_LEVEL: 'silent', METRICS_PORT: await takenPort() });
    expect(await gateway.exit).toBe(1);
    expect(gateway.output).toEqual({
      stdout: '',
      stderr: 'METRICS_PORT is taken by another process; set another one, or 0 for a free one\n',
    });
  });

  it('without a key, they share one emulator', async () => {
    const gateway = spawnGateway({ PORT: '0', WORKERS: '2', DATABASE_URL: (await makeStore('postgres')).url ?? '' });
    await gateway.stdoutMatching(/^ {2}GenAuth {2}http:\/\/127\.0\.0\.1:\d+ \(the embedded emulator: /m);
    await eventually(() => started(gateway).length === 3);
    expect(new Set(started(gateway).map(({ upstream }) => upstream)).size).toBe(1);
    const [, userId = '', appId = ''] = /"userId":"([^"]+)","appIds":\["([^"]+)"\]/.exec(gateway.output.stdout) ?? [];
    for (let each = 0; each < 4; each += 1) {
      const payload = await kick({ url: await urlOf(gateway) }, { userId, appIds: [appId] });
      expect(payload).toMatchObject({ __typename: 'KickUsersSuccess' });
    }
  });
});

async function takenPort(): Promise<string> {
  const other = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => other.once('listening', resolve));
  atEnd(() => new Promise((resolve) => other.close(() => resolve())));
  return String((other.address() as AddressInfo).port);
}

it('the embedded database has room for one worker, which is said loudly', async () => {
  const gateway = spawnGateway({ PORT: '0', WORKERS: '2', DATA_DIR: makeDataDir() });
  await gateway.stdoutMatching(/^ {2}Workers {2}1, not 2: the embedded database has room for one; set DATABASE_URL/m);
  await eventually(() => started(gateway).length === 1);
  expect(logOf(gateway)).toContainEqual(expect.objectContaining({ level: 40, wanted: 2, running: 1 }));
  gateway.signal('SIGTERM');
});
