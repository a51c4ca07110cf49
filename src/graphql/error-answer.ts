/** What Apollo makes of the errors of an operation, for those that it does not run itself: known ones and subscriptions. */
import { ApolloServerErrorCode } from '@apollo/server/errors';
import type { GraphQLError, GraphQLFormattedError } from 'graphql';
import { isRecord } from '../is-record';
import { formatError } from './safe-errors';

/** What an error says of HTTP in its extensions, which callers don't see: Apollo's HTTPGraphQLHead, in part. */
interface Head {
  status?: number;
  headers?: ReadonlyMap<string, string>;
}

const isHead = (value: unknown): value is Head => isRecord(value);

const codeOf = ({ extensions }: GraphQLError): unknown =>
  extensions['code'] ?? ApolloServerErrorCode.INTERNAL_SERVER_ERROR;

export interface ErrorAnswer {
  errors: GraphQLFormattedError[];
  httpStatus: number;
  headers: Record<string, string>;
}

/** Status and headers are those that the errors ask for, the last one deciding; 200 where none does. */
export function answerErrors(thrown: readonly GraphQLError[], requestId: string): ErrorAnswer {
  const answer: ErrorAnswer = { errors: [], httpStatus: 200, headers: {} };
  for (const error of thrown) {
    const { http, ...extensions }: Record<string, unknown> = { ...error.extensions, code: codeOf(error) };
    if (isHead(http)) {
      answer.httpStatus = http.status ?? answer.httpStatus;
      Object.assign(answer.headers, Object.fromEntries(http.headers ?? []));
    }
    const shown = formatError({ ...error.toJSON(), extensions }, error);
    answer.errors.push({ ...shown, extensions: { ...shown.extensions, requestId } });
  }
  return answer;
}
