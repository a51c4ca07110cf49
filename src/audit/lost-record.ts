import { loggableAppIds, loggableTicket } from '../observability/loggable';
import type { Logger } from '../observability/logger';
import type { Loss } from '../observability/metrics';
import type { TimedEntry } from './abandoned';

/** A statement that has it is under way, and nobody will learn what became of it. */
export const MAY_BE_LOST = 'audit record may be lost';

/** Records that are given up. The log is the last place that is left: without the target, which must not stand there. */
export class LostRecords {
  constructor(
    private readonly log: Logger,
    private readonly count: (why: Loss) => void = () => undefined,
  ) {}

  tell(
    { entry: { target, ticket, appIds, ...rest }, time }: TimedEntry,
    why: Loss,
    message = 'audit record lost',
  ): void {
    const texts = { ticket: loggableTicket(ticket), appIds: loggableAppIds(appIds ?? []) };
    this.log.error({ ...rest, ...texts, time, targetType: target?.type, why }, message);
    this.count(why);
  }
}
