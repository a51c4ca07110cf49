/**
 * With the line's number in it, the index of pending lines finds one of them at once. Without, PostgreSQL took it to find
 * the lines of a statement all the same, and read all that were pending for each: a job's pace fell with its length.
 *
 * Locked first, as whoever writes to lines has read them before: between the making of one index, which only keeps writers
 * out, and the end of the other, which waits for readers, the two would wait for each other.
 */
export const pendingLines = `
  lock table kick_lines in access exclusive mode;
  create index kick_lines_pending_by_line on kick_lines (job_id, line) where state = 'PENDING';
  drop index kick_lines_pending;
`;
