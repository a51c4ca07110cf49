/** All changes of the schema, in order. What one that has been released makes is never edited: the next one mends it. */
import { auditTables } from './migrations/0001-audit';
import { paceTables } from './migrations/0002-pace';
import { rateLimitTables } from './migrations/0003-rate-limit';
import { jobTables } from './migrations/0004-jobs';
import { pendingLines } from './migrations/0005-pending-lines';
import { kicksFirst } from './migrations/0006-kicks-first';
import { jobsOfCallers } from './migrations/0007-jobs-of-callers';

export interface Migration {
  id: number;
  name: string;
  sql: string;
}

export const MIGRATIONS: readonly Migration[] = [
  { id: 1, name: 'audit', sql: auditTables },
  { id: 2, name: 'pace', sql: paceTables },
  { id: 3, name: 'rate-limit', sql: rateLimitTables },
  { id: 4, name: 'jobs', sql: jobTables },
  { id: 5, name: 'pending-lines', sql: pendingLines },
  { id: 6, name: 'kicks-first', sql: kicksFirst },
  { id: 7, name: 'jobs-of-callers', sql: jobsOfCallers },
];
