/**
 * `npm run audit:erase -- --user-id-type EMAIL --user-id ID`: empties one user's id wherever the trail and the outcomes of
 * jobs hold it under that name, for a request to be forgotten. The records stay, and the chain goes on verifying.
 */
// First: a signal may come while the rest is loaded.
import { askedToEnd, askedToEndAtOnce, whenAborted } from '../signals';
import { parseArgs } from 'node:util';
import { createFingerprint } from '../observability/fingerprint';
import type { Logger } from '../observability/logger';
import type { Database } from '../store/database';
import { migrate } from '../store/migrate';
import { eraseUser } from '../jobs/kick-outcome.repository';
import { UserIdType } from '../kick/user-id-type.enum';
import { AuditLog } from './audit-log';
import { AuditService } from './audit.service';
import { eraseTarget } from './audit.repository';
import { runOnTrail } from './command';

const USAGE = `usage: npm run audit:erase -- --user-id-type ${Object.keys(UserIdType).join('|')} --user-id ID`;

const isTypeName = (name: string): name is keyof typeof UserIdType => Object.hasOwn(UserIdType, name);

/** Between two batches. @throws once somebody has asked this process to end */
function goOn(): void {
  if (askedToEnd.aborted) throw new Error('ended by a signal before all of it was erased: run it again');
}

/** Recorded even if it fails halfway, or is ended: what was erased until then stays so. */
async function erase(database: Database, name: keyof typeof UserIdType, id: string, log: Logger) {
  const type = UserIdType[name];
  const sum = { records: 0, outcomes: 0, pending: 0 };
  const record = async (more: object): Promise<void> => {
    const { records, outcomes } = sum;
    const trail = new AuditLog(database, log);
    const audit = new AuditService(trail, { isRequired: true }, createFingerprint(''), log);
    const who = { actor: 'operator', issuer: 'local', requestId: 'audit:erase' };
    const details = { records, outcomes, userIdType: name, ...more };
    await audit.before({ ...who, action: 'TARGETS_ERASED', details }).finally(() => trail.stop());
  };
  try {
    for await (const { erased, pending } of eraseUser(database, type, id)) {
      sum.outcomes += erased;
      sum.pending += pending;
      goOn();
    }
    for await (const erased of eraseTarget(database, type, id)) {
      sum.records += erased;
      goOn();
    }
  } catch (error) {
    // Why it failed is what has to be told, even if that can't be recorded either.
    if (sum.records + sum.outcomes > 0) await record({ isComplete: false }).catch(() => undefined);
    throw error;
  }
  await record({}).catch((cause: unknown) => {
    const { records, outcomes } = sum;
    throw new Error(`erased in ${records} records and ${outcomes} outcomes of jobs, which could not be recorded`, {
      cause,
    });
  });
  return sum;
}

whenAborted(askedToEndAtOnce, () => process.kill(process.pid, 'SIGKILL'));

/** Of an option that is given twice, the first would be passed over: one user at a time. */
const ONE = { type: 'string', multiple: true } as const;
const options = { 'user-id-type': ONE, 'user-id': ONE } as const;

runOnTrail(
  () => {
    const { 'user-id-type': names = [], 'user-id': ids = [] } = parseArgs({ options }).values;
    const [[name = '', ...otherNames], [id = '', ...otherIds]] = [names, ids];
    if (!isTypeName(name) || id === '' || otherNames.length + otherIds.length > 0) throw new Error(USAGE);
    return { name, id };
  },
  async ({ name, id }, database, log) => {
    await migrate(database, log);
    const { pending, outcomes, records } = await erase(database, name, id, log);
    process.stdout.write(`erased in ${records} records and ${outcomes} outcomes of jobs\n`);
    if (pending === 0) return 0;
    process.stderr.write('a job that is not finished names the user still: ask again when it is\n');
    return 1;
  },
);
