/** Readings of jobs take turns: there are few connections, and kicks need them too. */
import { randomUUID } from 'node:crypto';
import { KickJobReadsService } from '../../src/jobs/kick-job-reads.service';
import type { JobRow } from '../../src/jobs/kick-job.repository';
import type { Database } from '../../src/store/database';
import { sharedStore } from '../helpers/stores';

it('of a page of jobs, few are read at once, and all are', async () => {
  const database = await sharedStore();
  let reading = 0;
  let most = 0;
  const counted: Database = {
    ...database,
    query: async <Row>(sql: string, parameters?: readonly unknown[]) => {
      most = Math.max(most, ++reading);
      try {
        return await database.query<Row>(sql, parameters);
      } finally {
        reading--;
      }
    },
  };
  const reads = new KickJobReadsService(counted, { pausedReason: () => null, callsPerSecond: () => 1 });
  const jobs = Array.from({ length: 50 }, () => ({ id: randomUUID() }) as JobRow);
  const answers = await Promise.all(
    jobs.flatMap((job) => [
      reads.progress(job),
      reads.outcomes(job, null, -1, 100).then(({ length }) => ({ total: length })),
    ]),
  );
  expect(answers.map(({ total }) => total)).toEqual(new Array(100).fill(0));
  expect(most).toBe(2);
});
