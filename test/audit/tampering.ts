import type { Database } from '../../src/store/database';

/** Somebody with all rights in the database, who gets round the trigger. */
export async function tamper(database: Database, sql: string): Promise<void> {
  await database.run('alter table audit_events disable trigger all');
  await database.run(sql);
  await database.run('alter table audit_events enable trigger all');
}

export const emptyTrail = (database: Database): Promise<void> =>
  tamper(database, 'delete from audit_events; delete from audit_chains');
