/**
 * `POST /graphql/stream`: subscriptions as server-sent events, by the protocol of GraphQL over SSE, distinct connections
 * mode (https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md). It does not go through Apollo, so what holds
 * at /graphql is done here on purpose: the door before it, the limits, the masking, one line in the log.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest, onRequestAsyncHookHandler } from 'fastify';
import { GraphQLError, type GraphQLSchema } from 'graphql';
import { createHandler } from 'graphql-sse/lib/use/fastify';
import type { RequestContext } from '../context';
import type { PersistedOperations } from '../graphql/persisted-manifest';
import { createSubscriptionPreparer, type SubscriptionArgs } from '../graphql/prepare-subscription';
import { formatError, isUnexpected } from '../graphql/safe-errors';

const PATH = '/graphql/stream';

export interface StreamOptions {
  schema: GraphQLSchema;
  isProduction: boolean;
  persisted: PersistedOperations;
  door: onRequestAsyncHookHandler;
  createContext: (request: FastifyRequest, reply: FastifyReply) => Promise<RequestContext>;
}

/** The errors of one event, as callers may see them. */
function present<Result extends { errors?: readonly GraphQLError[] }>(
  result: Result,
  { log, requestId }: RequestContext,
): Result {
  if (result.errors === undefined) return result;
  const errors = result.errors.map((error) => {
    if (isUnexpected(error)) log.error({ err: error.originalError ?? error }, 'unexpected error');
    const shown = formatError(error.toJSON(), error);
    const { http: _http, ...extensions } = shown.extensions ?? {};
    return new GraphQLError(shown.message, {
      path: shown.path ?? null,
      extensions: { ...extensions, requestId },
    });
  });
  return { ...result, errors };
}

export function serveStream(app: FastifyInstance, options: StreamOptions): void {
  const prepare = createSubscriptionPreparer(options.schema, options);
  const begun = new WeakMap<FastifyRequest, { args: SubscriptionArgs; context: RequestContext }>();
  const begunBy = (request: FastifyRequest) => {
    const found = begun.get(request);
    if (found === undefined) throw new Error('A stream was begun that was not prepared.');
    return found;
  };
  const stream = createHandler<Record<string, unknown>>({
    authenticate: () => null,
    onSubscribe: ({ raw }) => ({
      ...begunBy(raw).args,
      contextValue: Object.fromEntries(Object.entries(begunBy(raw).context)),
    }),
    onNext: (_context, { raw }, result) => present(result, begunBy(raw).context),
  });

  app.post(PATH, { onRequest: options.door }, async (request, reply) => {
    const { body, bodyBytes, headers } = request;
    const prepared = prepare({ body, bodyBytes, accept: headers.accept ?? '*/*' });
    if (!prepared.isOk) {
      const errors = prepared.errors.map((error) => ({
        ...error,
        extensions: { ...error.extensions, requestId: request.id },
      }));
      return reply.code(prepared.status).send({ errors });
    }
    const context = await options.createContext(request, reply);
    begun.set(request, { args: prepared.args, context });
    // The library wants exactly this; anything that accepts it among others was let through above.
    request.headers.accept = 'text/event-stream';
    const startedAt = performance.now();
    reply.hijack();
    await stream(request, reply);
    const actor = context.principal?.subject ?? null;
    context.log.info(
      { type: 'subscription', actor, durationMs: Math.round(performance.now() - startedAt) },
      'operation',
    );
    return reply;
  });
}
