/**
 * `npm run soak -- --minutes 10`: one gateway as in production, on a PostgreSQL of its own and in front of an emulator
 * with faults, under mixed load. Fails when it grows, leaks or stalls.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { startPostgres } from '../helpers/postgres';
import { TestIssuer, makeKey } from '../helpers/test-issuer';
import { Load } from './load';
import type { EmulatorReady, EventLoop, GatewayReady, Sample } from './messages';
import { judge, toTable } from './verdict';

const MINUTE_MS = 60_000;
/** Of one kick; short, so that calls without an answer end as time-outs often enough. Milliseconds. */
const KICK_TIMEOUT_MS = 2000;

function readMinutes(): number {
  const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' } } });
  const minutes = Number(values.minutes);
  if (!(minutes > 0)) throw new Error('--minutes must be a number above 0');
  return minutes;
}

/** Its environment is what it is given and nothing else; its log goes nowhere. */
function start(file: string, env: Record<string, string>): ChildProcess {
  const { PATH = '', HOME = '' } = process.env;
  return fork(path.join(__dirname, file), {
    env: { PATH, HOME, ...env },
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 'inherit', process.env['SOAK_LOG'] === '1' ? 'inherit' : 'ignore', 'ipc'],
  });
}

async function firstMessage<T>(child: ChildProcess): Promise<T> {
  const message = once(child, 'message').then(([told]) => told as T);
  const ended = once(child, 'exit').then(([code]) => Promise.reject(new Error(`a process has ended with ${code}`)));
  return Promise.race([message, ended]);
}

async function soak(minutes: number): Promise<boolean> {
  const postgres = await startPostgres();
  const issuer = new TestIssuer();
  issuer.keys = [await makeKey()];
  await issuer.start();
  const emulator = start('emulator-process.ts', {});
  const { env, userIds, appId } = await firstMessage<EmulatorReady>(emulator);
  const gateway = start('gateway-process.ts', {
    ...env,
    ...issuer.environment,
    NODE_ENV: 'production',
    DATABASE_URL: postgres.url,
    PORT: '0',
    METRICS_PORT: '0',
    GENAUTH_TIMEOUT_MS: String(KICK_TIMEOUT_MS),
    RATE_LIMIT_PER_MINUTE: '1000000',
  });
  const { url } = await firstMessage<GatewayReady>(gateway);
  const samples: Sample[] = [];
  const onSample = (told: Sample): void => void samples.push(told);
  gateway.on('message', onSample);

  const token = await issuer.issue();
  const load = new Load({ url, metricsUrl: `${url}/metrics`, token, userIds, appId });
  await load.run(minutes * MINUTE_MS);

  gateway.off('message', onSample);
  gateway.send('end');
  const eventLoop = await lastMessage(gateway);
  const [code] = (await once(gateway, 'exit')) as [number | null];
  emulator.disconnect();
  await issuer.stop();
  await postgres.stop();

  const unexpected = load.unexpected.reduce((sum, [, count]) => sum + count, 0);
  const rows = judge(samples, eventLoop, unexpected);
  for (const [outcome, count] of load.outcomes) process.stdout.write(`${String(count).padStart(8)}  ${outcome}\n`);
  process.stdout.write(
    `\n${minutes} minutes on Node ${process.version}, ${samples.length} samples\n${toTable(rows)}\n`,
  );
  if (code !== 0) process.stdout.write(`the gateway ended with ${code}\n`);
  return code === 0 && rows.every(({ isKept }) => isKept);
}

/** A sample may still be on its way. */
async function lastMessage(gateway: ChildProcess): Promise<EventLoop> {
  for (;;) {
    const [told] = (await once(gateway, 'message')) as [Sample | EventLoop];
    if (told.kind === 'event-loop') return told;
  }
}

soak(readMinutes()).then(
  (isKept) => process.exit(isKept ? 0 : 1),
  (error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exit(1);
  },
);
