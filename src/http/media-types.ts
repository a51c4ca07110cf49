/** In which of its media types an answer of GraphQL's goes out (GraphQL over HTTP, section 6). */
import { createRequire } from 'node:module';

/** What is used of https://www.npmjs.com/package/negotiator, which comes without types. */
type Negotiator = new (request: { headers: { accept: string } }) => {
  mediaType: (available: readonly string[]) => string | undefined;
};
// Apollo's own copy, as the two have to judge alike.
/* eslint-disable-next-line @typescript-eslint/no-unsafe-assignment -- see above */
const Negotiator: Negotiator = createRequire(require.resolve('@apollo/server'))('negotiator');

/** In which Apollo answers an operation. */
const MEDIA_TYPES = [
  'application/json; charset=utf-8',
  'application/graphql-response+json; charset=utf-8',
  'application/json; callbackSpec=1.0; charset=utf-8',
];

/** Of an `Accept` that is worth weighing, or remembering. Characters: each entry costs, and Node takes 16 kB of them. */
export const MAX_ACCEPT_LENGTH = 200;

/** For a refusal, which goes out in any case: a long `Accept` is taken for none. */
export const mediaTypeOfRefusal = (accept = '*/*'): string | undefined =>
  accept.length > MAX_ACCEPT_LENGTH ? undefined : mediaTypeFor(accept);

/** As streams go out, and as callers mostly ask for them: to a negotiator a parameter makes another type. */
const EVENTS = ['text/event-stream; charset=utf-8', 'text/event-stream'];

/** Whether a caller takes server-sent events. @param accept the header as it came */
export const takesEvents = (accept: string): boolean =>
  new Negotiator({ headers: { accept } }).mediaType(EVENTS) !== undefined;

/** The one that a caller likes best; undefined when they take none. @param accept the header as it came */
export const mediaTypeFor = (accept: string): string | undefined =>
  new Negotiator({ headers: { accept } }).mediaType(MEDIA_TYPES);
