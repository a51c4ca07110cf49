/** Paging as the Relay cursor connections specification has it (https://relay.dev/graphql/connections.htm), forward only. */
import { GraphQLError } from 'graphql';
import { ApolloServerErrorCode } from '@apollo/server/errors';

/** The most of a list that one page may hold. */
export const MAX_PAGE_SIZE = 100;

/** PostgreSQL's largest integer, which a line of a job is. */
export const LARGEST_LINE = 2 ** 31 - 1;

export interface Edge<Node> {
  cursor: string;
  node: Node;
}

export interface Connection<Node> {
  edges: Edge<Node>[];
  pageInfo: PageInfoShape;
}

export interface PageInfoShape {
  hasNextPage: boolean;
  hasPreviousPage: boolean;
  startCursor: string | null;
  endCursor: string | null;
}

const refuse = (message: string): never => {
  throw new GraphQLError(message, {
    extensions: { code: ApolloServerErrorCode.BAD_USER_INPUT, http: { status: 400 } },
  });
};

export const toCursor = (position: string): string => Buffer.from(position).toString('base64url');

/** What stands in a cursor: a whole number that PostgreSQL takes as bigint. */
const POSITION = /^\d{1,18}$/;

/** @param largest of the connection's positions @throws {GraphQLError} BAD_USER_INPUT when it is no cursor of ours */
function fromCursor(cursor: string, largest: number): string {
  const position = Buffer.from(cursor, 'base64url').toString();
  // Buffer passes over what is no base64.
  const isOurs = POSITION.test(position) && Number(position) <= largest && toCursor(position) === cursor;
  return isOurs ? position : refuse('`after` is no cursor of this connection.');
}

export interface PageRequest {
  /** 1 to 100. */
  first: number;
  /** The position behind which the page begins; null: at the beginning. */
  after: string | null;
}

/**
 * Never clamps: a client that asks for 1000 and gets 100 would take them for all.
 * @param largest of the connection's positions, where the database would call a larger one an error
 * @throws {GraphQLError} BAD_USER_INPUT
 */
export function pageRequest(first: number, after: string | null | undefined, largest = Infinity): PageRequest {
  if (first < 1 || first > MAX_PAGE_SIZE) refuse(`\`first\` must be from 1 to ${MAX_PAGE_SIZE}.`);
  return { first, after: after == null ? null : fromCursor(after, largest) };
}

/** @param found one more than asked for, if there is more */
export function toConnection<Row, Node>(
  found: readonly Row[],
  { first, after }: PageRequest,
  positionOf: (row: Row) => string,
  nodeOf: (row: Row) => Node,
): Connection<Node> {
  const edges = found.slice(0, first).map((row) => ({ cursor: toCursor(positionOf(row)), node: nodeOf(row) }));
  return {
    edges,
    pageInfo: {
      hasNextPage: found.length > first,
      hasPreviousPage: after !== null,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}
