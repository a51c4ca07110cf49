import type { Database } from '../store/database';
import { claimLines, type OwnedLine } from './kick-line.repository';
import { isHeld, type HeldChunk } from './kick-queue';

/**
 * Makes the unsettled lines of a chunk this owner's.
 * @returns null when the chunk has expired meanwhile: it is somebody else's by now, and so are its lines
 */
export const claimHeld = (database: Database, chunk: HeldChunk, owner: string): Promise<OwnedLine[] | null> =>
  database.transaction(async (transaction) => {
    if (!(await isHeld(transaction, chunk))) return null;
    return claimLines(transaction, chunk.jobId, chunk.from, chunk.to, owner);
  });
