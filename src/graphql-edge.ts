/** The schema at its addresses: `/graphql` by Apollo, with a short way for what it knows; `/graphql/stream` beside it. */
import { fastifyApolloHandler } from '@as-integrations/fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest, onRequestAsyncHookHandler } from 'fastify';
import type { GraphQLError, GraphQLSchema } from 'graphql';
import { refusalsRecorder } from './audit/refusals';
import type { AuditService } from './audit/audit.service';
import { Scope } from './auth/scope';
import type { Config } from './config';
import { createContext, type RequestContext } from './context';
import { createApollo } from './graphql/apollo';
import { answerErrors } from './graphql/error-answer';
import { KnownOperations } from './graphql/known/known-operations';
import { serveKnown } from './graphql/known/serve-known';
import type { OperationObserver } from './graphql/operation-seen';
import { LIMITS } from './graphql/limits';
import { findLongText } from './graphql/long-text';
import { limitBodies } from './http/body-limit';
import { serveStream } from './http/stream';
import { InHand } from './in-hand';
import { createStep } from './in-step';
import type { StreamContext } from './jobs/kick-job-progress.resolver';
import type { Logger } from './observability/logger';
import type { Metrics } from './observability/metrics-registry';
import { logOperation } from './observability/operation-log';
import { countForbidden, countOperations } from './observability/operation-metrics';
import { NO_TRACING, type Tracing } from './observability/tracing';

export const GRAPHQL_PATH = '/graphql';

export interface EdgeOptions extends Pick<Config, 'isProduction' | 'persisted'> {
  schema: GraphQLSchema;
  /** Before every operation. */
  door: onRequestAsyncHookHandler;
  /** For subscriptions. */
  progress: StreamContext['progress'];
  audit: AuditService;
  metrics: Metrics;
  tracing: Tracing;
  log: Logger;
}

export interface GraphqlEdge {
  /** Resolves when no operation is under way, also none whose caller has hung up. */
  settled: () => Promise<void>;
  /** Once the server is closed. */
  stop: () => Promise<void>;
}

export async function serveGraphql(http: FastifyInstance, options: EdgeOptions): Promise<GraphqlEdge> {
  const { schema, isProduction, persisted, door, progress, audit, metrics, tracing, log } = options;
  const recordRefusals = refusalsRecorder(audit);
  const observers: OperationObserver[] = [
    logOperation,
    countOperations(metrics, schema),
    ({ thrown, context }) => recordRefusals(thrown, context),
  ];
  // A trace is to show an operation from inside, so all go the long way then.
  const known = tracing === NO_TRACING ? new KnownOperations() : undefined;
  const apollo = createApollo(schema, { isProduction, persisted, observers, known });
  await apollo.start();
  const contextOf = createContext(log, tracing);
  /** Apollo would answer 500, and tell nobody. */
  const context = async (...[request, reply]: Parameters<typeof contextOf>): Promise<RequestContext> => {
    try {
      return contextOf(request, reply);
    } catch (error) {
      log.error({ err: error, requestId: request.id }, 'unexpected error');
      metrics.countOperation('invalid', 'failed', 0);
      throw error;
    }
  };
  const byApollo = fastifyApolloHandler(apollo, { context }).bind(http);
  const handler =
    known === undefined
      ? byApollo
      : serveKnown({ known, schema, createContext: contextOf, observers, apollo: byApollo });
  const refuse = (error: GraphQLError, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const { errors, httpStatus } = answerErrors([error], request.id);
    const seen = { operation: null, context: contextOf(request, reply), thrown: [error], told: errors, durationMs: 0 };
    for (const observe of observers) observe({ ...seen, httpStatus });
    return reply.code(httpStatus).header('cache-control', 'no-store').send({ errors });
  };
  const answer = (request: FastifyRequest, reply: FastifyReply): unknown => {
    const tooLong = findLongText(request.body);
    return tooLong === null ? handler(request, reply) : refuse(tooLong, request, reply);
  };
  const inStep: onRequestAsyncHookHandler = createStep();
  // Whoever can't start a job has no use for the length of one.
  const shortBodies = limitBodies(LIMITS.bodyBytes, ({ principal }) => principal?.scopes.has(Scope.KICK) !== true);
  const inHand = new InHand();
  http.route({
    method: ['GET', 'POST'],
    url: GRAPHQL_PATH,
    // Apollo takes none.
    exposeHeadRoute: false,
    onRequest: [inStep, door],
    preParsing: shortBodies,
    handler: (request, reply) => inHand.during(() => answer(request, reply)),
  });
  serveStream(http, {
    ...{ schema, isProduction, persisted, door },
    preParsing: limitBodies(LIMITS.bodyBytes, () => true),
    onRefused: (errors, caller) => {
      countForbidden(metrics, errors);
      recordRefusals(errors, caller);
    },
    createContext: (request, reply) => ({ ...contextOf(request, reply), progress }),
  });
  return { settled: () => inHand.settled(), stop: () => apollo.stop() };
}
