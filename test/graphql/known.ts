/** One operation both ways: as a text that is known, and as one that nobody has sent before, which Apollo carries out. */
import { request as httpRequest } from 'node:http';
import { text as readText } from 'node:stream/consumers';
import { ApolloServer } from '@apollo/server';
import { execute } from '../helpers/execute';
import type { TestApp } from '../helpers/start-app';

const byApollo = jest.spyOn(ApolloServer.prototype, 'executeHTTPGraphQLRequest');

export interface Asked {
  method?: string;
  /** Behind `/graphql`. */
  search?: string;
  headers?: Record<string, string | undefined>;
  body?: string;
}

export interface Answer {
  status: number;
  headers: Record<string, unknown>;
  text: string;
  /** Whether Apollo had a hand in it. */
  byApollo: boolean;
  /** What the log has of the request. */
  logs: string[];
}

/** Headers that differ between any two answers. */
const OWN_HEADERS = new Set(['date', 'x-request-id', 'content-length']);
const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;
const withoutIds = (text: string): string => text.replace(UUID, 'ID');

/** Where a stack comes from differs between the two ways, what is in it first doesn't. */
const withoutStacks = (text: string): string => text.replace(/\\n    at .*?(?=")/g, '');

/** Lines of the log but for ids, times and durations. */
const logsOf = ({ logs }: TestApp, requestId: unknown): string[] =>
  logs
    .filter((line) => line['requestId'] === requestId)
    .map(({ time: _, durationMs: __, waitMs: ___, ...line }) => withoutStacks(withoutIds(JSON.stringify(line))));

/** One request; requests are made one after the other, or it couldn't be told which way they went. */
export async function ask(app: TestApp, { method = 'POST', search = '', headers = {}, body }: Asked): Promise<Answer> {
  const before = byApollo.mock.calls.length;
  const all = { 'content-type': 'application/json', accept: '*/*', authorization: app.token && `Bearer ${app.token}` };
  const sent = Object.entries({ ...all, ...headers }).flatMap(([name, value]) => (value ? [[name, value]] : []));
  const response = await new Promise<{ status: number; headers: Record<string, unknown>; text: string }>(
    (resolve, reject) => {
      const outgoing = httpRequest(
        `${app.url}/graphql${search}`,
        { method, headers: Object.fromEntries(sent) },
        (incoming) => {
          const { statusCode = 0, headers: got } = incoming;
          readText(incoming).then((text) => resolve({ status: statusCode, headers: got, text }), reject);
        },
      );
      outgoing.on('error', reject);
      outgoing.end(body);
    },
  );
  const { status, headers: got, text } = response;
  return {
    status,
    headers: Object.fromEntries(Object.entries(got).filter(([name]) => !OWN_HEADERS.has(name))),
    text: withoutIds(text),
    byApollo: byApollo.mock.calls.length > before,
    logs: logsOf(app, got['x-request-id']),
  };
}

let others = 0;
/** The same operation, places and all, as a text that is new. */
export const asNew = (query: string): string => `${query}\n# ${++others}`;

/** Asks once, so that what went well is known. */
export const learn = async (app: TestApp, query: string, variables: object = {}): Promise<unknown> =>
  execute(app, query, { ...variables });

export type Way = 'short' | 'Apollo’s';
export interface Expected {
  /** How the known text is expected to be answered, `short` if left out; not looked at for `any`. */
  way?: Way | 'any' | undefined;
  headers?: Record<string, string | undefined>;
}

/** Asks for anything about a text, both ways, and expects the same answer and the same log. */
export async function expectSame(
  app: TestApp,
  query: string,
  asked: (query: string) => Asked,
  { way = 'short' }: Omit<Expected, 'headers'> = {},
): Promise<Answer> {
  const [known, unknown] = [await ask(app, asked(query)), await ask(app, asked(asNew(query)))];
  const facts = ({ byApollo: _, ...answer }: Answer) => answer;
  expect(facts(known)).toEqual(facts(unknown));
  if (way !== 'any') expect([known.byApollo, unknown.byApollo]).toEqual([way !== 'short', true]);
  return known;
}

/** Asks for an operation both ways. */
export const expectAlike = (app: TestApp, query: string, rest: object = {}, { headers = {}, ...how }: Expected = {}) =>
  expectSame(app, query, (text) => ({ headers, body: JSON.stringify({ query: text, ...rest }) }), how);

/** Whether the text is answered the short way by now. */
export async function isKnown(app: TestApp, query: string, variables: object = {}): Promise<boolean> {
  const answer = await ask(app, { body: JSON.stringify({ query, variables }) });
  return !answer.byApollo;
}
