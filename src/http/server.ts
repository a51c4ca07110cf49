/** The HTTP server below GraphQL: request ids, origins, hosts, sizes, and errors that belong to no operation. */
import { isUtf8 } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import cors from '@fastify/cors';
import fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { isRecord } from '../is-record';
import type { Logger } from '../observability/logger';
import { answerClientErrors } from './client-error';
import { noteRequest } from './connections';
import { cutOffSoon } from './cut-off';
import { mediaTypeOfRefusal } from './media-types';
import { hostnameOf, isLoopback } from './loopback';
import { refuseWhatIsNotServed } from './nothing-here';
import { errorBody, refusal } from './refusal';

/** A job of 10 000 users with ids of 400 bytes: longer than any may be, if it is in ASCII. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;

/**
 * A request that takes longer to come in is given up, when Node looks next: every 30 s (`connectionsCheckingInterval`).
 * Fastify's default is to wait for ever. Milliseconds.
 */
const REQUEST_TIMEOUT_MS = 60_000;

/** A request id that may go into headers and log lines as it is. */
const REQUEST_ID = /^[\w.:-]{1,128}$/;

/** Fastify would load its JSON Schema compilers, a tenth of a start, for routes with schemas. None of ours has one. */
function noSchemas(): never {
  throw new Error('A route with a schema of Fastify needs its compilers.');
}

export interface HttpOptions {
  /** Exact origins that browsers may call from. */
  corsOrigins: readonly string[];
  /** Without callers' tokens, only a Host header that names this machine is served, against DNS rebinding. */
  loopbackOnly: boolean;
  isDraining: () => boolean;
  log: Logger;
}

const hasErrors = (body: unknown): body is { errors: { extensions?: object }[] } =>
  isRecord(body) && Array.isArray(body['errors']);

/**
 * Apollo refuses what is no operation at all (a batch, no query, CSRF) before it knows the request's id.
 * @returns null when it is no answer of GraphQL's
 */
function withRequestId(json: string, requestId: string): string | null {
  const parsed: unknown = JSON.parse(json);
  if (!hasErrors(parsed)) return null;
  const errors = parsed.errors.map((error) => ({ ...error, extensions: { ...error.extensions, requestId } }));
  return JSON.stringify({ ...parsed, errors });
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Of the JSON that was sent, before parsing; 0 without any. */
    bodyBytes: number;
  }
}

/** JSON is UTF-8 (RFC 8259, section 8.1). Decoded in spite of it, another user's id could come of one in Latin-1. */
class NotUtf8Error extends Error {
  readonly statusCode = 400;
  constructor() {
    super('The request body is not UTF-8.');
  }
}

class CompressedError extends Error {
  readonly statusCode = 415;
  constructor() {
    super('The request body is compressed.');
  }
}

/** Fastify's own parser of JSON, which also tells how much there was of it. */
function measureBodies(app: FastifyInstance): void {
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.decorateRequest('bodyBytes', 0);
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    request.bodyBytes = body.length;
    const { 'content-encoding': coding = 'identity' } = request.headers;
    if (coding.toLowerCase() !== 'identity') return done(new CompressedError());
    if (!isUtf8(body)) return done(new NotUtf8Error());
    return parseJson(request, body.toString(), done);
  });
}

/**
 * On one address, whatever name it has. For `localhost` Fastify would listen on all of its addresses with servers that it
 * shows to nobody: the end would not wait for their requests.
 * @returns the URL, with the port that was really taken
 * @throws when the port is taken or may not be used, or the host is none of this machine
 */
export async function listen(app: FastifyInstance, { host, port }: { host: string; port: number }): Promise<string> {
  const { address } = await lookup(host);
  return app.listen({ host: address, port });
}

export async function createHttpServer(options: HttpOptions): Promise<FastifyInstance> {
  const app = fastify({
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    schemaController: { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } },
    // Addresses that can't be decoded reach no hook; Fastify's own answer would repeat them.
    frameworkErrors: ({ statusCode = 400 }: FastifyError, request: FastifyRequest, reply: FastifyReply): void => {
      void reply.code(statusCode).header('x-request-id', request.id).send(refusal(statusCode, request.id));
    },
    clientErrorHandler: answerClientErrors(options.log),
    genReqId: ({ headers }) => {
      const given = headers['x-request-id'];
      return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
    },
  });

  measureBodies(app);
  app.addHook('onRequest', (request, reply, done) => {
    noteRequest(request, reply);
    void reply.header('x-request-id', request.id);
    if (!options.loopbackOnly || isLoopback(hostnameOf(request.headers.host))) done();
    else void reply.code(421).send(refusal(421, request.id));
  });
  app.addHook('onSend', ({ id, headers }, reply, payload, done) => {
    // Asked here, not on arrival: a connection that is kept alive after a late answer would hold up the end.
    if (options.isDraining()) void reply.header('connection', 'close');
    const isRefusal = reply.statusCode >= 400 && typeof payload === 'string';
    const isJson = isRefusal && /\bjson\b/.test(String(reply.getHeader('content-type')));
    if (!isJson) return done(null, payload);
    const told = withRequestId(payload, id);
    // A client that knows GraphQL's own type takes an error in the other one for something in between that has failed.
    const mediaType = told === null ? undefined : mediaTypeOfRefusal(headers.accept);
    if (mediaType?.startsWith('application/graphql') === true) void reply.header('content-type', mediaType);
    done(null, told ?? payload);
  });
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const status = error.statusCode ?? 500;
    if (error instanceof NotUtf8Error) {
      return reply.code(status).send(errorBody(error.message, 'BAD_REQUEST', request.id));
    }
    if (status < 500) {
      // Fastify would end the connection with the answer, and whoever is still sending would not read it.
      if (!request.raw.complete) void reply.removeHeader('connection');
      cutOffSoon(request);
      return reply.code(status).send(refusal(status, request.id));
    }
    options.log.error({ err: error, requestId: request.id }, 'unexpected error');
    const message = 'Something went wrong on our side; the log knows it by the request id.';
    return reply.code(500).send(errorBody(message, 'INTERNAL_SERVER_ERROR', request.id));
  });
  if (options.corsOrigins.length > 0) {
    await app.register(cors, {
      origin: [...options.corsOrigins],
      methods: ['GET', 'POST'],
      // A bare OPTIONS is told the same, not an error that is none of ours.
      strictPreflight: false,
      exposedHeaders: ['x-request-id', 'retry-after', 'www-authenticate'],
      maxAge: 600,
    });
  }
  refuseWhatIsNotServed(app);
  return app;
}
