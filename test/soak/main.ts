/**
 * `npm run soak -- --minutes 10`: one gateway as in production, on a PostgreSQL of its own and in front of an emulator
 * with faults, under mixed load. Fails when it grows, leaks or stalls. `SOAK_LOG=1` shows the gateway's log.
 */
import { parseArgs } from 'node:util';
import { eventually } from '../helpers/eventually';
import { startPostgres } from '../helpers/postgres';
import { TestIssuer, makeKey } from '../helpers/test-issuer';
import { countUnexpected, type LoadOptions, type Outcomes } from './load';
import { ask, end, firstMessage, start } from './children';
import type { EmulatorReady, GatewayReady, Handles, Sample } from './messages';
import { hasNoMore, judge, toTable } from './verdict';

const MINUTE_MS = 60_000;
/** Everything is used once, so that what is made once and kept counts as being there before. Milliseconds. */
const WARM_UP_MS = 15_000;
/** By then pools have closed what they don't need, and faults that never answer have timed out. Seconds. */
const REST_SECONDS = 20;
const LONGEST_REST_MS = 120_000;
/** Of one kick; short, so that calls without an answer end as time-outs often enough. Milliseconds. */
const KICK_TIMEOUT_MS = 2000;

function readMinutes(): number {
  const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' } } });
  const minutes = Number(values.minutes);
  if (!(minutes > 0)) throw new Error('--minutes must be a number above 0');
  return minutes;
}

/** Puts load on the gateway for a time, from a process of its own. */
async function putLoad(options: LoadOptions, durationMs: number): Promise<Outcomes> {
  return ask<Outcomes>(start('load-process.ts', {}), { options, durationMs });
}

/** Of each kind the fewest at once in the last seconds: what comes and goes by itself is not held against anybody. */
function fewest(samples: readonly Sample[]): Handles {
  const last = samples.slice(-REST_SECONDS / 2).map(({ handles }) => handles);
  const kinds = new Set(last.flatMap(Object.keys));
  return Object.fromEntries([...kinds].map((kind) => [kind, Math.min(...last.map((handles) => handles[kind] ?? 0))]));
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
  const { url, metricsUrl } = await firstMessage<GatewayReady>(gateway);
  const samples: Sample[] = [];
  gateway.on('message', (sample: Sample) => samples.push(sample));
  const options = { url, metricsUrl, token: await issuer.issue(), userIds, appId };

  await putLoad(options, WARM_UP_MS);
  const warm = samples.length;
  await eventually(
    () => samples.length,
    (count) => count >= warm + REST_SECONDS,
    LONGEST_REST_MS,
  );
  const before = fewest(samples);
  const begun = samples.length;
  const outcomes = await putLoad(options, minutes * MINUTE_MS);
  const underLoad = samples.slice(begun);
  const after = await eventually(
    () => fewest(samples),
    (handles) => samples.length >= begun + underLoad.length + REST_SECONDS && hasNoMore(before, handles),
    LONGEST_REST_MS,
  ).catch(() => fewest(samples));

  const code = await end(gateway);
  emulator.disconnect();
  await issuer.stop();
  await postgres.stop();

  const rows = judge(underLoad, { before, after }, countUnexpected(outcomes));
  for (const [outcome, count] of Object.entries(outcomes)) {
    process.stdout.write(`${String(count).padStart(8)}  ${outcome}\n`);
  }
  process.stdout.write(`\n${minutes} minutes, Node ${process.version}\n${toTable(rows)}\n`);
  if (code !== 0) process.stdout.write(`The gateway ended with ${code}.\n`);
  return code === 0 && rows.every(({ isKept }) => isKept);
}

soak(readMinutes()).then(
  (isKept) => process.exit(isKept ? 0 : 1),
  (error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exit(1);
  },
);
