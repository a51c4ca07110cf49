import type { RequestContext } from '../context';
import { DatabaseAwayError } from '../store/away';

/** Callers are told that the database is away, and the log why: it may be one slow statement. */
export function logAway(error: unknown, { log }: Pick<RequestContext, 'log'>): void {
  if (error instanceof DatabaseAwayError) log.warn({ reason: error.reason }, 'the database can not be used');
}
