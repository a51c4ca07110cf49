import { v7 } from 'uuid';

/**
 * The name of one record: a UUID that begins with its time (RFC 9562, section 5.7). New ones stand beside each other in the
 * index, where random ones would each touch a page of their own; once the index has outgrown the memory, PostgreSQL reads that
 * page first, and writes all of it into its log.
 */
export const newRecordId = (): string => v7();
