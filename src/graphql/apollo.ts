/** Apollo Server, with every default that matters said aloud. */
import { ApolloServer } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import type { GraphQLSchema } from 'graphql';
import type { RequestContext } from '../context';
import { acceptPlugin } from './accept.plugin';
import { answerPlugin } from './answer.plugin';
import { createDocumentStore } from './document-store';
import { givenUpPlugin } from './given-up.plugin';
import { learningPlugin } from './known/learning.plugin';
import type { KnownOperations } from './known/known-operations';
import { LIMITS, MAX_VALIDATION_ERRORS } from './limits';
import { limitsPlugin } from './limits.plugin';
import { observerPlugin } from './observer.plugin';
import type { OperationObserver } from './operation-seen';
import type { PersistedOperations } from './persisted-manifest';
import { manifestCache, persistedOperationsPlugin } from './persisted-operations.plugin';
import { formatError } from './safe-errors';

/** Nothing is reported to Apollo, whatever APOLLO_KEY and its kin in the environment ask for. */
const NOTHING_TO_APOLLO = [
  ApolloServerPluginInlineTraceDisabled(),
  ApolloServerPluginLandingPageDisabled(),
  ApolloServerPluginSchemaReportingDisabled(),
  ApolloServerPluginUsageReportingDisabled(),
];

export interface ApolloOptions {
  isProduction: boolean;
  persisted: PersistedOperations;
  observers: readonly OperationObserver[];
  /** Told of operations that may go the short way from now on. */
  known?: KnownOperations | undefined;
}

export function createApollo(schema: GraphQLSchema, options: ApolloOptions): ApolloServer<RequestContext> {
  const { persisted, known } = options;
  return new ApolloServer<RequestContext>({
    schema,
    formatError,
    // In this order: what refuses, what makes the answer presentable, what tells of it.
    plugins: [
      persistedOperationsPlugin(persisted),
      limitsPlugin(),
      acceptPlugin(),
      answerPlugin(),
      observerPlugin(options.observers),
      givenUpPlugin(persisted, options.observers),
      ...(known === undefined ? [] : [learningPlugin(known)]),
      // It would work out field by field that nothing may be kept; answer.plugin.ts says so.
      ApolloServerPluginCacheControlDisabled(),
      ...NOTHING_TO_APOLLO,
    ],
    introspection: !options.isProduction,
    hideSchemaDetailsFromClientErrors: options.isProduction,
    includeStacktraceInErrorResponses: false,
    allowBatchedHttpRequests: false,
    csrfPrevention: true,
    persistedQueries: persisted.mode !== 'off' && { cache: manifestCache(persisted.manifest), ttl: null },
    documentStore: createDocumentStore(),
    parseOptions: { maxTokens: LIMITS.tokens },
    validationOptions: { maxErrors: MAX_VALIDATION_ERRORS },
    stopOnTerminationSignals: false,
    // Its own words would go to the console; what matters is logged by our plugins, and by who makes the contexts.
    logger: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
    nodeEnv: options.isProduction ? 'production' : 'development',
  });
}
