/** The client of GenAuth with what watches it: the log and the metrics of its attempts, the health of the key, and the pace. */
import type { Config } from './config';
import type { DemoTarget } from './demo';
import { startEmulator } from './emulator/emulator';
import type { AttemptOptions } from './genauth/attempt';
import type { AttemptReport } from './genauth/attempt-report';
import { GenAuthClient } from './genauth/client';
import { KeyHealth } from './genauth/key-health';
import type { SigningKey } from './genauth/signature';
import { ErrorCode } from './errors';
import type { Logger } from './observability/logger';
import type { Metrics } from './observability/metrics-registry';
import type { Pace } from './pace/pace';
import { PRODUCT } from './product';

export type UpstreamOptions = Omit<AttemptOptions, 'userAgent' | 'onAttempt'> & { breakerFailures: number };

/**
 * What a refused key may mean beside a wrong one, by GenAuth's `apiCode` (docs/reference/error-code.md in its
 * documentation). Changing the key helps against none of these.
 */
const NOT_THE_KEY: Readonly<Record<number, string>> = {
  1303: 'it can not read the time of our clock',
  1304: 'it has found no time in our call',
  1305: "our clock is too far from GenAuth's: set it",
  1306: 'it has had the same signature before',
};

/** One line an upstream attempt; a refused key is an error of ours whatever the caller is told. */
function logAttempt(log: Logger, report: AttemptReport): void {
  const { requestId, method, path, attempt, httpStatus, upstreamRequestId, code } = report;
  // Left out where there is none, as in nearly all lines.
  const apiCode = report.apiCode ?? undefined;
  const reason = report.reason ?? undefined;
  const durationMs = Math.round(report.durationMs * 1000) / 1000;
  const facts = { requestId, method, path, attempt, httpStatus, upstreamRequestId, code, apiCode, reason, durationMs };
  if (code === ErrorCode.UPSTREAM_REFUSED_CREDENTIALS) {
    log.error({ ...facts, why: NOT_THE_KEY[apiCode ?? 0] }, 'GenAuth refuses our key');
  } else if (code === null) log.info(facts, 'genauth attempt');
  else log.warn(facts, 'genauth attempt');
}

export function connectGenAuth(
  options: UpstreamOptions,
  pace: Pace,
  metrics: Metrics,
  log: Logger,
): { client: GenAuthClient; keyHealth: KeyHealth } {
  const keyHealth = new KeyHealth(() => client.checkKey({ requestId: 'key-check' }));
  const client = new GenAuthClient({
    ...options,
    pace,
    userAgent: `${PRODUCT.name}/${PRODUCT.version}`,
    onAttempt: (report) => {
      logAttempt(log, report);
      metrics.countAttempt(report.path, report.code, report.durationMs);
      keyHealth.note(report.code);
      if (report.code === ErrorCode.RATE_LIMITED) pace.noteThrottled();
    },
    onCircuitChange: (state) => {
      log.warn({ circuit: state }, 'the circuit to GenAuth has changed');
      pace.share(() => ({ circuit: client.circuit.isAway ? state : 'closed' }));
    },
  });
  return { client, keyHealth };
}

/** What stands behind the gateway. */
export interface Upstream {
  host: string;
  key: SigningKey;
  /** Whom the emulator has for a demonstration; null in front of GenAuth itself. */
  demo: DemoTarget | null;
}

/**
 * The key and host to call, or an emulator made for this gateway, with the same interface and no account.
 * @param shared goes before both, and is not ended here
 */
export async function chooseUpstream(
  { genauth: { host, key } }: Pick<Config, 'genauth'>,
  shared?: Upstream,
): Promise<Upstream & { stop: () => Promise<void> }> {
  const stop = async (): Promise<void> => undefined;
  if (shared !== undefined) return { ...shared, stop };
  if (key !== null) return { host, key, demo: null, stop };
  const emulator = await startEmulator();
  const { demoUser, demoApp } = emulator.directory;
  return {
    host: emulator.url,
    key: { id: emulator.accessKeyId, secret: emulator.accessKeySecret },
    demo: { userId: demoUser.userId, appId: demoApp.appId },
    stop: () => emulator.stop(),
  };
}
