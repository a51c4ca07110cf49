/** Apollo Server, with every default that matters said aloud. */
import { ApolloServer, type ApolloServerPlugin } from '@apollo/server';
import { ApolloServerPluginLandingPageDisabled } from '@apollo/server/plugin/disabled';
import type { GraphQLSchema } from 'graphql';
import type { RequestContext } from '../context';
import { answerPlugin } from './answer.plugin';
import { formatError } from './safe-errors';

/** A generous bound: the largest operation in schema/operations has under 200 tokens, Sandbox's introspection under 700. */
const MAX_TOKENS = 2000;

export function createApollo(
  schema: GraphQLSchema,
  options: { isProduction: boolean; plugins: ApolloServerPlugin<RequestContext>[] },
): ApolloServer<RequestContext> {
  return new ApolloServer<RequestContext>({
    schema,
    formatError,
    plugins: [...options.plugins, answerPlugin(), ApolloServerPluginLandingPageDisabled()],
    introspection: !options.isProduction,
    hideSchemaDetailsFromClientErrors: options.isProduction,
    includeStacktraceInErrorResponses: false,
    allowBatchedHttpRequests: false,
    csrfPrevention: true,
    persistedQueries: false,
    parseOptions: { maxTokens: MAX_TOKENS },
    stopOnTerminationSignals: false,
    // Its own words would go to the console; what matters is logged by our plugins.
    logger: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
    nodeEnv: options.isProduction ? 'production' : 'development',
  });
}
