/** Statements that are carried out and explained. */
import type { Database, Queryable } from '../../src/store/database';

/** A node of `explain (analyze, format json)`. */
interface PlanNode {
  'Relation Name'?: string;
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  'Rows Removed by Join Filter'?: number;
  Plans?: PlanNode[];
}

/** Rows of a table that a plan has looked at, those that it left out included. */
function rowsRead(node: PlanNode, table: RegExp): number {
  const ofTable = table.test(node['Relation Name'] ?? '') ? node['Actual Rows'] : 0;
  const removed = (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Join Filter'] ?? 0);
  const below = (node.Plans ?? []).reduce((sum, child) => sum + rowsRead(child, table), 0);
  return (ofTable + removed) * node['Actual Loops'] + below;
}

/** Carries statements out, and counts what they read. They answer nothing. */
export class Explained implements Queryable {
  statements = 0;
  rows = 0;
  constructor(
    private readonly database: Database,
    private readonly table: RegExp,
  ) {}

  async query<Row>(sql: string, parameters: readonly unknown[] = []): Promise<Row[]> {
    const explain = `explain (analyze, timing off, format json) ${sql}`;
    const [row] = await this.database.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(explain, parameters);
    this.statements++;
    this.rows += rowsRead(row!['QUERY PLAN'][0].Plan, this.table);
    return [];
  }

  run(sql: string): Promise<void> {
    return this.database.run(sql);
  }
}
