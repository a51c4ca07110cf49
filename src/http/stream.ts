/**
 * `POST /graphql/stream`: subscriptions as server-sent events, by the protocol of GraphQL over SSE, distinct connections
 * mode (https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md). It does not go through Apollo, so what holds
 * at /graphql is done here on purpose: the door before it, the limits, the masking, one line in the log.
 */
import { Readable } from 'node:stream';
import type {
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  onRequestAsyncHookHandler,
  preParsingHookHandler,
} from 'fastify';
import { GraphQLError, subscribe, type ExecutionResult, type GraphQLFormattedError, type GraphQLSchema } from 'graphql';
import type { RequestContext } from '../context';
import { answerErrors } from '../graphql/error-answer';
import type { PersistedOperations } from '../graphql/persisted-manifest';
import { createUnlistedLog } from '../graphql/persisted-operations.plugin';
import { createSubscriptionPreparer } from '../graphql/prepare-subscription';
import { OpenStreams } from '../limits/open-streams';
import { logUnexpected } from '../graphql/unexpected-errors';
import { frame } from './event-frames';
import { errorBody } from './refusal';

const PATH = '/graphql/stream';

const TOO_MANY = 'You watch more streams than one caller may; close some first.';

export interface StreamOptions {
  schema: GraphQLSchema;
  isProduction: boolean;
  persisted: PersistedOperations;
  door: onRequestAsyncHookHandler;
  preParsing: preParsingHookHandler;
  createContext: (request: FastifyRequest, reply: FastifyReply) => RequestContext;
  /** Told of the errors that a subscription was refused with, before they are made presentable. */
  onRefused: (errors: readonly GraphQLError[], context: RequestContext) => void;
}

type Coded = Pick<GraphQLFormattedError, 'extensions'>;

/** A subscription that was let in: its events, or the one answer in their place. */
interface Begun {
  result: AsyncIterable<ExecutionResult> | ExecutionResult;
  context: RequestContext;
  /** Of the answer, where it is one. */
  told: readonly Coded[];
  /** On the clock of `performance.now()`. */
  startedAt: number;
}

/** The errors of one event, as callers may see them. */
function present<Result extends { errors?: readonly GraphQLError[] }>(
  result: Result,
  { log, requestId }: RequestContext,
): Result {
  if (result.errors === undefined) return result;
  logUnexpected(result.errors, log);
  const errors = answerErrors(result.errors, requestId).errors.map(
    ({ message, path, extensions }) => new GraphQLError(message, { path, extensions }),
  );
  return { ...result, errors };
}

/** Nobody will read it: whoever watches for it must not go on. */
async function abandon({ result }: Begun): Promise<void> {
  if (Symbol.asyncIterator in result) await result[Symbol.asyncIterator]().return?.();
}

/** One line a stream, or its refusal. @param told errors as the caller is told them */
function logStream(
  { principal, log }: RequestContext,
  httpStatus: number,
  told: readonly Coded[],
  startedAt: number,
): void {
  const errorCodes = [...new Set(told.map(({ extensions }) => extensions?.['code']))];
  const durationMs = Math.round(performance.now() - startedAt);
  const actor = principal?.subject ?? null;
  log.info({ type: 'subscription', actor, httpStatus, errorCodes, durationMs }, 'operation');
}

const logEnd = ({ context, told, startedAt }: Begun): void => logStream(context, 200, told, startedAt);

export function serveStream(app: FastifyInstance, options: StreamOptions): void {
  const prepare = createSubscriptionPreparer(options.schema, options);
  const noteUnlisted = createUnlistedLog(options.persisted);
  const open = new OpenStreams();

  const stream = async (
    request: FastifyRequest,
    reply: FastifyReply,
    begun: Begun,
    leave: () => void,
  ): Promise<void> => {
    const { frames, status, headers } = await frame(request, begun.result, (event) => present(event, begun.context));
    // Not used again: a gateway that stops would else wait for a connection that is only kept alive. And nginx is not to
    // keep events until it has a buffer full.
    void reply.code(status).headers({ ...headers, connection: 'close', 'x-accel-buffering': 'no' });
    const { hangUp } = begun.context;
    const readable = Readable.from(frames);
    // Fastify ends it with its own answer, which one that was sent behind another on the same connection never has.
    const end = (): void => void readable.destroy();
    hangUp.addEventListener('abort', end);
    readable.once('close', () => {
      hangUp.removeEventListener('abort', end);
      leave();
      logEnd(begun);
    });
    await reply.send(readable);
  };

  app.post(PATH, { onRequest: options.door, preParsing: options.preParsing }, async (request, reply) => {
    const { body, bodyBytes, headers } = request;
    const startedAt = performance.now();
    const context = options.createContext(request, reply);
    const prepared = prepare({ body, bodyBytes, accept: headers.accept ?? '*/*' });
    if (!prepared.isOk) {
      logStream(context, prepared.status, prepared.errors, startedAt);
      const errors = prepared.errors.map((error) => ({
        ...error,
        extensions: { ...error.extensions, requestId: request.id },
      }));
      return reply.code(prepared.status).send({ errors });
    }
    noteUnlisted(prepared.args.document, prepared.sha256, prepared.args.operationName, context.log);
    let told: readonly Coded[] = [];
    const result = await subscribe({ ...prepared.args, contextValue: context });
    if ('errors' in result && result.errors !== undefined) {
      options.onRefused(result.errors, context);
      // A scope that is missing is a 403 here as it is at /graphql.
      const { errors, httpStatus, headers: extra } = answerErrors(result.errors, request.id);
      if (httpStatus !== 200) {
        logStream(context, httpStatus, errors, startedAt);
        void reply.code(httpStatus).headers(extra);
        return reply.send({ errors: present(result, context).errors });
      }
      told = errors;
    }
    const begun = { result, context, told, startedAt };
    if (context.hangUp.aborted) {
      await abandon(begun);
      logEnd(begun);
      return reply.hijack();
    }
    const leave = open.enter(context.principal);
    if (leave === null) {
      await abandon(begun);
      context.log.warn({ actor: context.principal?.subject ?? null }, 'a stream was refused: its caller has too many');
      return reply
        .code(429)
        .header('retry-after', '1')
        .send(errorBody(TOO_MANY, 'TOO_MANY_STREAMS', request.id));
    }
    await stream(request, reply, begun, leave).catch(async (error: unknown) => {
      leave();
      await abandon(begun);
      throw error;
    });
    return reply;
  });
}
