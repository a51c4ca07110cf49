/**
 * The short way for operations that Apollo knows: everything that it would do for one of them, and its answer to the
 * letter, without its pipeline. Both have graphql-js carry out the operation. Whatever is odd goes to Apollo, which stays
 * the measure of what is right.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { execute, type GraphQLSchema } from 'graphql';
import type { RequestContext } from '../../context';
import { MAX_ACCEPT_LENGTH } from '../../http/media-types';
import { makeRoom } from '../../make-room';
import { findBrokenLimit } from '../limits';
import { NO_ERRORS, type OperationObserver } from '../operation-seen';
import { logUnexpected } from '../unexpected-errors';
import { answerErrors } from '../error-answer';
import type { KnownOperation, KnownOperations } from './known-operations';
import { isRecord } from '../../is-record';

/** So many values of `Accept` are remembered; the oldest makes room. */
const MAX_ACCEPTS = 50;

type Handler = (request: FastifyRequest, reply: FastifyReply) => unknown;

export interface KnownOptions {
  known: KnownOperations;
  schema: GraphQLSchema;
  createContext: (request: FastifyRequest, reply: FastifyReply) => RequestContext;
  observers: readonly OperationObserver[];
  /** For everything else. */
  apollo: Handler;
}

interface Asked {
  known: KnownOperation;
  variables: Readonly<Record<string, unknown>>;
  /** What Apollo has answered to such an `Accept`. */
  contentType: string;
}

/** The parameters of GraphQL over HTTP, section 5.3, or null where there are others, or stranger ones. */
function readParams(body: unknown) {
  if (!isRecord(body)) return null;
  const { query, operationName = null, extensions = null } = body;
  const variables = body['variables'] ?? {};
  if (typeof query !== 'string' || extensions !== null || !isRecord(variables)) return null;
  return { body, query, operationName, variables };
}

export function serveKnown({ known, schema, createContext, observers, apollo }: KnownOptions): Handler {
  /** By `Accept`: Apollo weighs each once. */
  const contentTypes = new Map<string, string>();

  const learnContentType = async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    const answer = await apollo(request, reply);
    const { accept = '' } = request.headers;
    const contentType = reply.getHeader('content-type');
    const isLearned = reply.statusCode === 200 && typeof contentType === 'string' && accept.length <= MAX_ACCEPT_LENGTH;
    if (!isLearned || contentTypes.has(accept)) return answer;
    makeRoom(contentTypes, MAX_ACCEPTS);
    contentTypes.set(accept, contentType);
    return answer;
  };

  const find = ({ method, body, bodyBytes, headers: { accept = '' } }: FastifyRequest): Asked | null => {
    const contentType = contentTypes.get(accept);
    if (method !== 'POST' || contentType === undefined) return null;
    const params = readParams(body);
    const found = params === null ? null : known.find(params.query);
    if (params === null || found === null) return null;
    const { operationName, variables } = params;
    if (operationName !== null && operationName !== found.seen.name) return null;
    // The same text, which is kept anyway: the copy that came need not be, for as long as GenAuth takes.
    params.body['query'] = found.text;
    const { document, operation } = found;
    if (findBrokenLimit({ schema, document, operation, variables, bodyBytes }) !== null) return null;
    return { known: found, variables, contentType };
  };

  return async (request, reply) => {
    const startedAt = performance.now();
    const asked = find(request);
    if (asked === null) return learnContentType(request, reply);
    const context = createContext(request, reply);
    const { document, seen: operation } = asked.known;
    const variableValues = asked.variables;
    const { data, errors: thrown = NO_ERRORS } = await execute({
      schema,
      document,
      contextValue: context,
      variableValues,
    });
    // No data, not even null: the variables don't fit, and nothing has run. To tell so is Apollo's.
    if (data === undefined) return apollo(request, reply);
    let told: ReturnType<typeof answerErrors> | null = null;
    if (thrown.length > 0) {
      logUnexpected(thrown, context.log);
      told = answerErrors(thrown, request.id);
      void reply.code(told.httpStatus).headers(told.headers);
    }
    const durationMs = performance.now() - startedAt;
    const httpStatus = reply.statusCode;
    const seen = { operation, context, thrown, told: told?.errors ?? NO_ERRORS, httpStatus, durationMs };
    for (const observe of observers) observe(seen);
    void reply.header('cache-control', 'no-store').header('content-type', asked.contentType);
    return `${JSON.stringify({ errors: told?.errors, data })}\n`;
  };
}
