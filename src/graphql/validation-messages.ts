/**
 * What may be repeated of graphql-js's messages about a document. They quote literals, which may be anything, and names,
 * which callers choose; custom scalars say what they like. So what is let through is listed, and the rest is not.
 */
import { isLoggableName } from '../observability/loggable';

/** How the messages of graphql-js's rules begin (src/validation/rules), literals cut off already. */
const KNOWN = new RegExp(
  `^(?:${[
    'Cannot (?:query field|spread fragment) "',
    'Unknown (?:argument|directive|fragment|type) "',
    '(?:Fragment|Fragments|Fields?|Argument|Directive|Operation|Variable|Subscription|The directive) "',
    'This anonymous operation must be',
    'There can be only one ',
    'Maximum introspection depth ',
    'GraphQL introspection is not allowed ',
    'OneOf Input Object "',
    'Anonymous (?:operation|Subscription) ',
    'Too many validation errors, ',
    'Validation aborted',
    'The value does not exist in "',
    'Expected value of type "[^"]*", found one that ',
    '(?:Int|Float|String|Boolean|ID|Enum "[^"]*") cannot represent [a-z\\d -]*value: one that ',
  ].join('|')})`,
);

/** Cuts the literals that graphql-js quotes at the end, and the enum value that it quotes in front. */
const withoutLiterals = (message: string): string =>
  message
    .replace(/(, found|value:) .*$/s, '$1 one that does not fit.')
    .replace(/^Value ".*?" does not exist in/s, 'The value does not exist in');

/** A name that a message may repeat, or what stands in its place. */
export const showName = (name: string): string => (isLoggableName(name) ? name : '…');

/** `$input`, `@skip`, `KickUsersInput.appIds` and `[ID!]!` are names with signs round them. */
const showQuoted = (quoted: string): string =>
  /^[@$]?[\w[\]!.]+$/.test(quoted) ? quoted.replaceAll(/\w+/g, showName) : '…';

const MAX_LENGTH = 500;

/** The message without literals and without names that could be more than names. */
export function safeValidationMessage(message: string): string {
  const cut = withoutLiterals(message);
  if (!KNOWN.test(cut)) return 'The document breaks a rule of the schema.';
  return cut.replaceAll(/"([^"]*)"/g, (_, quoted: string) => `"${showQuoted(quoted)}"`).slice(0, MAX_LENGTH);
}
