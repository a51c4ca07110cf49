/** All changes of the schema, in order. One that has been released is never edited: the next one mends it. */
import { auditTables } from './migrations/0001-audit';

export interface Migration {
  id: number;
  name: string;
  sql: string;
}

export const MIGRATIONS: readonly Migration[] = [{ id: 1, name: 'audit', sql: auditTables }];
