/** What tests of the record share: an outcome by somebody, and what stands. */
import { randomUUID } from 'node:crypto';
import type { AuditEntry } from '../../src/audit/audit-record';
import type { Database } from '../../src/store/database';

export const outcome = (actor = 'alice'): AuditEntry => ({
  id: randomUUID(),
  action: 'KICK_SUCCEEDED',
  actor,
  issuer: 'https://issuer.example.com',
  requestId: 'r',
});

/** Who made the records, in their order; without openings. */
export async function actorsIn(database: Database): Promise<string[]> {
  const rows = await database.query<{ actor: string }>(
    `select actor from audit_events where action <> 'CHAIN_OPENED' order by position`,
  );
  return rows.map(({ actor }) => actor);
}
