/** Jobs as the gateway writes them, for tests of what is done with their lines. */
import { randomUUID } from 'node:crypto';
import { insertJob } from '../../src/jobs/kick-job.repository';
import { insertLines } from '../../src/jobs/kick-line.repository';
import { KickReason } from '../../src/kick/kick-reason.enum';
import { UserIdType } from '../../src/kick/user-id-type.enum';
import type { Database } from '../../src/store/database';

/** One call for each user. @returns its id */
export async function makeJob(database: Database, users: number): Promise<string> {
  const id = randomUUID();
  await insertJob(database, {
    id,
    issuer: 'issuer',
    subject: 'subject',
    idempotencyKey: id,
    inputHash: 'hash',
    format: 1,
    userIdType: UserIdType.USER_ID,
    appIds: ['app'],
    reason: KickReason.OTHER,
    ticket: null,
    verify: false,
    requestId: 'request',
    retryOf: null,
    traceparent: null,
    total: users,
  });
  const lines = Array.from({ length: users }, (_, line) => ({ line, userId: `user-${line}`, duplicateOf: null }));
  await insertLines(database, id, lines, 1);
  return id;
}
