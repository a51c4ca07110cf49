/** GraphQL over SSE as a front end reads it, distinct connections mode; each stream on a connection of its own. */
import { request, type ClientRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { eventually } from './eventually';

export interface StreamEvent {
  event: string;
  /* eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests read into answers of any shape */
  data: any;
  /** When it came in, by `performance.now()`. */
  atMs: number;
}

export interface EventStream {
  status: number;
  headers: IncomingHttpHeaders;
  /** So far. */
  readonly events: StreamEvent[];
  /** What has come, as it came. */
  readonly text: () => string;
  /** When the server has ended it, with all that it sent. @throws when it broke off */
  ended: Promise<StreamEvent[]>;
  hangUp: () => void;
}

export interface StreamRequest {
  token?: string;
  /** On top of those of a well-behaved client; undefined takes one away. */
  headers?: Record<string, string | undefined>;
}

/** One event: lines of `name: value`; those that begin with a colon are comments. */
function readEvent(block: string): StreamEvent | null {
  const fields = new Map(
    block
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith(':'))
      .map((line) => line.split(/: ?(.*)/s, 2) as [string, string]),
  );
  const data = fields.get('data') ?? '';
  const event = fields.get('event');
  return event === undefined ? null : { event, data: data === '' ? null : JSON.parse(data), atMs: performance.now() };
}

function readStream(response: IncomingMessage, outgoing: ClientRequest): EventStream {
  const events: StreamEvent[] = [];
  let text = '';
  let read = 0;
  response.setEncoding('utf8').on('data', (part: string) => {
    text += part;
    for (let end = text.indexOf('\n\n', read); end !== -1; end = text.indexOf('\n\n', read)) {
      const event = readEvent(text.slice(read, end));
      if (event !== null) events.push(event);
      read = end + 2;
    }
  });
  const ended = new Promise<StreamEvent[]>((resolve, reject) => {
    response.once('end', () => resolve(events)).once('error', reject);
  });
  // Nobody may be waiting for a stream that is left.
  ended.catch(() => undefined);
  const { statusCode: status = 0, headers } = response;
  return { status, headers, events, text: () => text, ended, hangUp: () => void outgoing.destroy() };
}

/** POSTs to /graphql/stream. Resolves with the head of the answer, whatever it is. */
export const openStream = (
  app: { url: string; token?: string },
  body: object | string,
  { token = app.token, headers = {} }: StreamRequest = {},
) =>
  new Promise<EventStream>((resolve, reject) => {
    const all = {
      'content-type': 'application/json',
      accept: 'text/event-stream',
      authorization: token === undefined ? undefined : `Bearer ${token}`,
      ...headers,
    };
    const given = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
    const outgoing = request(`${app.url}/graphql/stream`, { method: 'POST', headers: given, agent: false });
    outgoing.once('response', (response: IncomingMessage) => resolve(readStream(response, outgoing)));
    outgoing.on('error', reject);
    outgoing.end(typeof body === 'string' ? body : JSON.stringify(body));
  });

/** Waits until so many events are there. */
export const someEvents = async ({ events }: EventStream, count = 1): Promise<StreamEvent[]> =>
  eventually(
    () => events,
    ({ length }) => length >= count,
  );
