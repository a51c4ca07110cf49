import { HeaderMap } from '@apollo/server';
import { GraphQLError } from 'graphql';
import { Extensions } from 'type-graphql';
import { AppError } from '../errors';
import type { OnFailure } from './guard-fields';
import { logAway } from './log-away';

/** For what has no union of its own to tell a failure in: one that may pass, with its code, HTTP 503 and `Retry-After`. */
const toGraphQLError = ({ code, message, retryAfterSeconds }: AppError): GraphQLError => {
  const headers = new HeaderMap(retryAfterSeconds === null ? [] : [['retry-after', String(retryAfterSeconds)]]);
  return new GraphQLError(message, { extensions: { code, http: { status: 503, headers } } });
};

const onFailure: OnFailure = (error, context) => {
  logAway(error, context);
  throw error instanceof AppError ? toGraphQLError(error) : error;
};

/** What `FailuresAsPayload` is for mutations, for queries, subscriptions and fields. */
export const FailuresAsError = () => Extensions({ onFailure });
