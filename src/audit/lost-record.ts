import { loggableAppIds, loggableTicket } from '../observability/loggable';
import type { Logger } from '../observability/logger';
import type { TimedEntry } from './audit-chain';

/** For a record that is given up. The log is the last place that is left: without the target, which must not stand there. */
export function logLost(log: Logger, { entry: { target, ticket, appIds, ...rest }, time }: TimedEntry): void {
  const texts = { ticket: loggableTicket(ticket), appIds: loggableAppIds(appIds ?? []) };
  log.error({ ...rest, ...texts, time, targetType: target?.type }, 'audit record lost');
}
