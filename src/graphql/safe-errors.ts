/**
 * What callers see of errors outside the payload unions. GraphQL's own messages quote what they dislike; a refused
 * value may be somebody's e-mail or token, so places and types are told, and values never. Bugs are masked.
 */
import { ApolloServerErrorCode, unwrapResolverError } from '@apollo/server/errors';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { LIMITS } from './limits';
import { safeValidationMessage, showName } from './validation-messages';
import { VARIABLE_MESSAGE } from './variable-errors';

/** Masks everything that isn't a GraphQLError made on purpose. */
const MASKED = 'Something went wrong on our side; the log knows it by the request id.';

/** The one parse error that isn't about the text; graphql-js tells it by its message alone. */
const TOO_MANY_TOKENS = /^Syntax Error: Document contains more tha\w \d+ tokens\./;

function describeSyntaxError({ message, locations }: GraphQLFormattedError): string {
  if (TOO_MANY_TOKENS.test(message)) return `Syntax Error: a document may have at most ${LIMITS.tokens} tokens.`;
  const [at] = locations ?? [];
  return at === undefined
    ? 'Syntax Error: the document cannot be parsed.'
    : `Syntax Error: the document cannot be parsed at line ${at.line}, column ${at.column}.`;
}

/** Apollo refuses odd uses of `extensions` with a status and a fixed text, but without a code. */
const isRefusalWithoutCode = (error: unknown): boolean =>
  error instanceof GraphQLError && error.extensions['code'] === undefined && error.extensions['http'] !== undefined;

/** True for the bugs that nobody planned: thrown in a resolver or a hook, and no GraphQLError with a code of ours. */
export function isUnexpected(error: unknown): boolean {
  const thrown = unwrapResolverError(error);
  if (!(thrown instanceof GraphQLError)) return true;
  return thrown.extensions['code'] === undefined && !isRefusalWithoutCode(thrown);
}

/** Apollo Server's `formatError`. Variable errors are put right by {@link describeBadVariables}. */
export function formatError(formatted: GraphQLFormattedError, error: unknown): GraphQLFormattedError {
  const { path, locations, message, extensions } = formatted;
  if (isRefusalWithoutCode(error)) return { message, extensions: { code: ApolloServerErrorCode.BAD_REQUEST } };
  const code = extensions?.['code'];
  if (isUnexpected(error) || code === ApolloServerErrorCode.INTERNAL_SERVER_ERROR) {
    const masked = { code: ApolloServerErrorCode.INTERNAL_SERVER_ERROR };
    return { message: MASKED, extensions: masked, ...(path && { path }), ...(locations && { locations }) };
  }
  switch (code) {
    case ApolloServerErrorCode.GRAPHQL_PARSE_FAILED:
      return { ...formatted, message: describeSyntaxError(formatted) };
    case ApolloServerErrorCode.GRAPHQL_VALIDATION_FAILED:
      return { ...formatted, message: safeValidationMessage(message) };
    case ApolloServerErrorCode.OPERATION_RESOLUTION_FAILURE:
      return { ...formatted, message: 'The document has no operation of that name, or several and no name is given.' };
    default: {
      const variable = VARIABLE_MESSAGE.exec(message)?.[1];
      if (variable === undefined) return formatted;
      return { ...formatted, message: `Variable "$${showName(variable)}" has no valid value.` };
    }
  }
}
