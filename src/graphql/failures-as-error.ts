import { HeaderMap } from '@apollo/server';
import { GraphQLError } from 'graphql';
import { Extensions } from 'type-graphql';
import { AppError } from '../errors';
import { HUNG_UP } from '../hang-up';
import { UnreadError } from '../limits/reading-turns';
import type { OnFailure } from './guard-fields';
import { logAway } from './log-away';

/** For what has no union of its own to tell a failure in: one that may pass, with its code, HTTP 503 and `Retry-After`. */
const toGraphQLError = ({ code, message, retryAfterSeconds }: AppError): GraphQLError => {
  const headers = new HeaderMap(retryAfterSeconds === null ? [] : [['retry-after', String(retryAfterSeconds)]]);
  return new GraphQLError(message, { extensions: { code, http: { status: 503, headers } } });
};

/** A caller's own doing: one who has hung up is told nothing, so the status says nothing either. */
function toRefusal({ code, message }: UnreadError): GraphQLError {
  if (code === HUNG_UP) return new GraphQLError(message, { extensions: { code } });
  const headers = new HeaderMap([['retry-after', '1']]);
  return new GraphQLError(message, { extensions: { code, http: { status: 429, headers } } });
}

const onFailure: OnFailure = (error, context) => {
  logAway(error, context);
  if (error instanceof UnreadError) throw toRefusal(error);
  throw error instanceof AppError ? toGraphQLError(error) : error;
};

/** What `FailuresAsPayload` is for mutations, for queries, subscriptions and fields. */
export const FailuresAsError = () => Extensions({ onFailure });
