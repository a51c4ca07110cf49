/** Chunks that end in the same moment, as when the database comes back from a standstill. */
import { pino } from 'pino';
import type { ChunkTools } from '../../src/jobs/chunk-work';
import { KickJobWorker } from '../../src/jobs/kick-job.worker';
import { eventually } from '../helpers/eventually';

describe('a worker of jobs', () => {
  it('takes chunks again after all that it had have ended at once, and the pace has become less', async () => {
    let linesInTime = 250;
    let breakOff: (error: Error) => void = () => undefined;
    const standstill = new Promise<never>((_, reject) => (breakOff = reject));
    const wanted: number[] = [];
    const take = async (count: number) => {
      wanted.push(count);
      const chunk = { jobId: 'job', from: 0, to: 49, round: 0 };
      return wanted.length > 1 ? [] : Array.from({ length: count }, (_, index) => ({ ...chunk, id: String(index) }));
    };
    const tools = {
      queue: { take },
      database: { query: () => standstill },
      gate: { linesIn: () => linesInTime },
      sliceMs: 1000,
      isPaused: () => false,
    } as unknown as ChunkTools;
    const worker = new KickJobWorker(tools, pino({ level: 'silent' }));
    worker.start();
    await eventually(() => wanted.length === 1);
    expect(wanted).toEqual([6]);

    linesInTime = 50;
    breakOff(new Error('no answer in time'));
    await eventually(() => wanted.length === 2);
    expect(wanted[1]).toBe(2);
    await worker.stop();
  });
});
