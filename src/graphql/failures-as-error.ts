import { HeaderMap } from '@apollo/server';
import { GraphQLError } from 'graphql';
import type { MiddlewareFn } from 'type-graphql';
import type { RequestContext } from '../context';
import { AppError } from '../errors';
import { logAway } from './log-away';

/** For what has no union of its own to tell a failure in: one that may pass, with its code, HTTP 503 and `Retry-After`. */
export function toGraphQLError({ code, message, retryAfterSeconds }: AppError): GraphQLError {
  const headers = new HeaderMap(retryAfterSeconds === null ? [] : [['retry-after', String(retryAfterSeconds)]]);
  return new GraphQLError(message, { extensions: { code, http: { status: 503, headers } } });
}

/** What `failuresAsPayload` is for mutations, for queries and fields. */
export const failuresAsError: MiddlewareFn<RequestContext> = async ({ context }, next) => {
  try {
    const value: unknown = await next();
    return value;
  } catch (error) {
    logAway(error, context);
    throw error instanceof AppError ? toGraphQLError(error) : error;
  }
};
