/**
 * What callers see of errors outside the payload unions. GraphQL's own messages quote what they dislike; a refused
 * value may be somebody's e-mail or token, so places and types are told, and values never. Bugs are masked.
 */
import { ApolloServerErrorCode, unwrapResolverError } from '@apollo/server/errors';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { VARIABLE_MESSAGE } from './variable-errors';

/** Masks everything that isn't a GraphQLError made on purpose. */
const MASKED = 'Something went wrong on our side; the log knows it by the request id.';

const sayWhereOnly = (formatted: GraphQLFormattedError): string => {
  const [at] = formatted.locations ?? [];
  return at === undefined
    ? 'Syntax Error: the document cannot be parsed.'
    : `Syntax Error: the document cannot be parsed at line ${at.line}, column ${at.column}.`;
};

/** Cuts the literals that graphql-js quotes at the end, and the enum value that it quotes in front. */
const withoutLiterals = (message: string): string =>
  message
    .replace(/(, found|value:) .*$/s, '$1 one that does not fit.')
    .replace(/^Value ".*?" does not exist in/s, 'The value does not exist in');

/** True for the bugs that nobody planned: thrown in a resolver or a hook, and no GraphQLError of ours. */
export const isUnexpected = (error: unknown): boolean => !(unwrapResolverError(error) instanceof GraphQLError);

/** Apollo Server's `formatError`. Variable errors are put right by {@link describeBadVariables}. */
export function formatError(formatted: GraphQLFormattedError, error: unknown): GraphQLFormattedError {
  const code = formatted.extensions?.['code'];
  if (isUnexpected(error) || code === ApolloServerErrorCode.INTERNAL_SERVER_ERROR) {
    const { path, locations } = formatted;
    const extensions = { code: ApolloServerErrorCode.INTERNAL_SERVER_ERROR };
    return { message: MASKED, extensions, ...(path && { path }), ...(locations && { locations }) };
  }
  if (code === ApolloServerErrorCode.GRAPHQL_PARSE_FAILED) return { ...formatted, message: sayWhereOnly(formatted) };
  if (code === ApolloServerErrorCode.GRAPHQL_VALIDATION_FAILED) {
    return { ...formatted, message: withoutLiterals(formatted.message) };
  }
  const variable = VARIABLE_MESSAGE.exec(formatted.message)?.[1];
  if (variable !== undefined) return { ...formatted, message: `Variable "$${variable}" has no valid value.` };
  return formatted;
}
