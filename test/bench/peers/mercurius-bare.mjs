/** Mercurius with its JIT and nothing else: no token, no rules, no limits, no record. */
import Fastify from 'fastify';
import mercurius from 'mercurius';
import { announce, kick } from './genauth.mjs';
import { kickSdl, wireType } from './kick-schema.mjs';

const app = Fastify();
await app.register(mercurius, {
  schema: kickSdl,
  jit: 1,
  resolvers: {
    Query: { ready: () => true },
    KickUsersPayload: { resolveType: () => 'KickUsersSuccess' },
    Mutation: {
      kickUsers: async (_, { input }) => {
        const { userId, appIds, options } = input;
        const { statusCode, message, requestId, data } = await kick({
          userId,
          appIds,
          userIdType: wireType(options?.userIdType),
        });
        return { success: data.success, statusCode, message, requestId, auditId: 'none' };
      },
    },
  },
});
await app.listen({ host: '127.0.0.1', port: 0 });
announce(app.server.address().port);
