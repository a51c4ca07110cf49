/** The audit trail's parts, joined. */
import { AuditLog } from './audit/audit-log';
import { AuditService } from './audit/audit.service';
import { eraseTargetsBefore } from './audit/audit.repository';
import { Retention } from './audit/retention';
import { LostRecords } from './audit/lost-record';
import type { Config } from './config';
import { eraseInputsBefore, eraseUsersBefore } from './jobs/kick-outcome.repository';
import type { Fingerprint } from './observability/fingerprint';
import type { Logger } from './observability/logger';
import type { Metrics } from './observability/metrics-registry';
import type { Database } from './store/database';

interface Parts {
  database: Database;
  fingerprint: Fingerprint;
  metrics: Metrics;
  log: Logger;
}

/** The audit trail, and what erases personal data from it and from the jobs' outcomes. */
export function startRecord(policy: Config['audit'], { database, fingerprint, metrics, log }: Parts) {
  const records = new AuditLog(database, log, new LostRecords(log, metrics.countLostRecord));
  const audit = new AuditService(records, policy, fingerprint, log, metrics.countLostRecord);
  const { retentionDays } = policy;
  // The first two as `audit:erase` counts them.
  const erasers = {
    records: (before: Date, limit: number) => eraseTargetsBefore(database, before, limit),
    outcomes: (before: Date, limit: number) => eraseUsersBefore(database, before, limit),
    inputs: (before: Date, limit: number) => eraseInputsBefore(database, before, limit),
  };
  const retention = retentionDays === null ? null : new Retention(erasers, audit, retentionDays, log);
  return { records, audit, retention };
}
