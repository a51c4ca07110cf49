/**
 * Mercurius with its JIT and the gateway's duties: token, scope, rules of the input, limits, the caller's limit, pace,
 * record, log. Everything below the resolver is the gateway's own compiled code, so that only the edges differ.
 * Tokens are checked by jose as its documentation says, for each request; with PEER_REMEMBERS_TOKENS=true by the
 * gateway's verifier, which remembers its verdicts.
 */
import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import Fastify from 'fastify';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import mercurius from 'mercurius';
import { announce } from './genauth.mjs';
import { kickSdl, wireType } from './kick-schema.mjs';

const require = createRequire(import.meta.url);
const ours = (name) => require(`../../../dist/${name}.js`);
require('../../../node_modules/reflect-metadata');
// V8's heap is kept as the gateway's is.
ours('memory');
const { chooseCallers } = ours('callers');
const { readConfig } = ours('config');
const { AppError } = ours('errors');
const { validateInput } = ours('graphql/validate-input');
const { KickUsersInput } = ours('kick/kick-users.input');
const { KickUsersError, KickUsersSuccess } = ours('kick/kick-users.payload');
const { KickUsersService } = ours('kick/kick-users.service');
const { CallerLimit } = ours('limits/caller-limit');
const { createFingerprint } = ours('observability/fingerprint');
const { createLogger } = ours('observability/logger');
const { Metrics } = ours('observability/metrics-registry');
const { Pace } = ours('pace/pace');
const { startRecord } = ours('record');
const { openDatabase } = ours('store/open-database');
const { connectGenAuth } = ours('upstream');

const config = readConfig();
const log = createLogger(config.logLevel);
const database = await openDatabase(config.store, log);
const pace = await Pace.start(database, config.maxCallsPerSecond, log);
const metrics = new Metrics('peer');
const { client } = connectGenAuth(config.genauth, pace, metrics, log);
const fingerprint = createFingerprint(config.genauth.key.secret);
const { audit } = startRecord(config.audit, database, fingerprint, log);
const limit = new CallerLimit(database, config.kicksPerMinute, log);
const service = new KickUsersService(client, audit, limit, fingerprint, metrics);

async function verifierByJose() {
  const { issuer, audience, jwksUrl } = config.auth;
  const keys = createRemoteJWKSet(new URL(jwksUrl));
  return async (authorization) => {
    const { payload } = await jwtVerify(authorization.slice('Bearer '.length), keys, { issuer, audience });
    return { subject: payload.sub, issuer, scopes: new Set(payload.scope.split(' ')) };
  };
}

async function verifierOfOurs() {
  const { authenticate } = await chooseCallers(config, log);
  return async (authorization) => (await authenticate(authorization)).principal;
}

const verify = await (process.env.PEER_REMEMBERS_TOKENS === 'true' ? verifierOfOurs() : verifierByJose());

async function kickUsers(_, { input }, { principal, requestId, hangUp, log }) {
  if (!principal.scopes.has('users:kick')) throw new mercurius.ErrorWithProps('FORBIDDEN', { code: 'FORBIDDEN' }, 403);
  const command = Object.assign(new KickUsersInput(), input);
  if (input.options) command.options = { userIdType: wireType(input.options.userIdType) };
  try {
    await validateInput(command);
    return new KickUsersSuccess(await service.kick(command, { principal, requestId, hangUp, log }));
  } catch (error) {
    if (error instanceof AppError) return new KickUsersError(error);
    throw error;
  }
}

const app = Fastify({ bodyLimit: 64 * 1024, genReqId: () => randomUUID() });
app.addHook('onRequest', async (request, reply) => {
  const { authorization = '' } = request.headers;
  request.principal = await verify(authorization).catch(() => null);
  if (request.principal === null) return reply.code(401).send({ errors: [{ message: 'UNAUTHENTICATED' }] });
  void reply.header('x-request-id', request.id);
});
app.addHook('onResponse', async ({ id, principal }, reply) => {
  const durationMs = Math.round(reply.elapsedTime * 1000) / 1000;
  log.info({ requestId: id, actor: principal?.subject, httpStatus: reply.statusCode, durationMs }, 'operation');
});
await app.register(mercurius, {
  schema: kickSdl,
  jit: 1,
  queryDepth: 10,
  context: ({ id, principal }, reply) => {
    const controller = new AbortController();
    reply.raw.once('close', () => reply.raw.writableFinished || controller.abort());
    return { principal, requestId: id, hangUp: controller.signal, log: log.child({ requestId: id }) };
  },
  resolvers: {
    Query: { ready: () => true },
    KickUsersPayload: { resolveType: (value) => value.constructor.name },
    Mutation: { kickUsers },
  },
});
await app.listen({ host: '127.0.0.1', port: 0 });
announce(app.server.address().port);
