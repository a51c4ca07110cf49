/** What looks after the gateway from outside: readiness and metrics. */
import type { AuditLog } from './audit/audit-log';
import type { KeysState, SigningKeys } from './auth/signing-keys';
import type { GenAuthClient } from './genauth/client';
import type { KeyHealth } from './genauth/key-health';
import type { Readiness, ReadinessNote } from './http/readiness';
import { countJobsByState } from './jobs/jobs-under-way.repository';
import type { Metrics } from './observability/metrics-registry';
import { patiently } from './observability/patient';
import type { Pace } from './pace/pace';
import type { Database } from './store/database';
import { isReachable } from './store/reachable';

/** The parts that have something to tell. */
export interface WatchedParts {
  database: Database;
  client: GenAuthClient;
  keyHealth: KeyHealth;
  pace: Pace;
  records: AuditLog;
  /** Null: callers need no token. */
  keys: SigningKeys | null;
  isDraining: () => boolean;
  /** False: kicks go ahead without the database. */
  isAuditRequired: boolean;
}

const KEY_NOTES: Readonly<Record<KeysState, readonly ReadinessNote[]>> = {
  fresh: [],
  stale: ['AUTH_KEYS_STALE'],
  unavailable: ['AUTH_KEYS_UNAVAILABLE'],
};

export async function readinessOf(parts: WatchedParts): Promise<Readiness> {
  const { database, client, keyHealth, keys, isDraining, isAuditRequired } = parts;
  const away = (await isReachable(database)) ? [] : (['DATABASE_UNREACHABLE'] as const);
  return {
    reasons: [
      ...(isDraining() ? (['SHUTTING_DOWN'] as const) : []),
      ...(keyHealth.isRefused ? (['GENAUTH_KEY_REFUSED'] as const) : []),
      ...(isAuditRequired ? away : []),
    ],
    notes: [
      ...(client.circuit.isAway ? (['GENAUTH_CIRCUIT_OPEN'] as const) : []),
      ...KEY_NOTES[keys?.state ?? 'fresh'],
      ...(isAuditRequired ? [] : away),
    ],
  };
}

export function watchBy(metrics: Metrics, parts: WatchedParts): void {
  const { database, client, keyHealth, pace, records, keys } = parts;
  metrics.watch({
    authKeys: () => keys?.state ?? null,
    circuit: () => client.circuit.state,
    isKeyRefused: () => keyHealth.isRefused,
    pace: () => pace.status,
    audit: () => records,
    database: database.usage,
    isDatabaseUp: patiently(() => isReachable(database)),
    jobs: patiently(() => countJobsByState(database)),
  });
}
