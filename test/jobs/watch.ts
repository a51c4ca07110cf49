/** Watching jobs as clients do. */
import { openStream, type StreamEvent, type StreamRequest } from '../helpers/event-stream';
import { operation } from '../helpers/execute';

/** What is sent to subscribe with schema/operations/kick-job-progress.graphql. */
export const watching = (id: string, more: object = {}) => ({
  query: operation('kick-job-progress'),
  variables: { id },
  ...more,
});

/** Subscribes. */
export const watchJob = (app: { url: string; token?: string }, id: string, options?: StreamRequest) =>
  openStream(app, watching(id), options);

/** The counts that came, one after another; anything but counts and one `complete` at the end is told as it is. */
export function countsOf(events: readonly StreamEvent[]) {
  const last = events.at(-1);
  if (last?.event !== 'complete' || last.data !== null)
    throw new Error(`No completed stream: ${JSON.stringify(events)}`);
  return events.slice(0, -1).map(({ data }) => data.data?.kickJobProgress ?? data);
}
