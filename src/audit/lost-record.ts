import { loggableAppIds, loggableTicket } from '../observability/loggable';
import type { Logger } from '../observability/logger';
import type { TimedEntry } from './audit-chain';

/** A statement that has it is under way, and nobody will learn what became of it. */
export const MAY_BE_LOST = 'audit record may be lost';

/** For a record that is given up. The log is the last place that is left: without the target, which must not stand there. */
export function logLost(
  log: Logger,
  { entry: { target, ticket, appIds, ...rest }, time }: TimedEntry,
  message = 'audit record lost',
): void {
  const texts = { ticket: loggableTicket(ticket), appIds: loggableAppIds(appIds ?? []) };
  log.error({ ...rest, ...texts, time, targetType: target?.type }, message);
}
