/** What a first version looks like: Apollo Server standalone, with the official SDK. No token, no rules, no record. */
import { createRequire } from 'node:module';
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { announce } from './genauth.mjs';
import { kickSdl, wireType } from './kick-schema.mjs';

const { ManagementClient } = createRequire(import.meta.url)('authing-node-sdk');
const {
  GENAUTH_HOST: host,
  GENAUTH_ACCESS_KEY_ID: accessKeyId,
  GENAUTH_ACCESS_KEY_SECRET: accessKeySecret,
} = process.env;
const client = new ManagementClient({ accessKeyId, accessKeySecret, host });

const server = new ApolloServer({
  typeDefs: kickSdl,
  resolvers: {
    Query: { ready: () => true },
    KickUsersPayload: { __resolveType: () => 'KickUsersSuccess' },
    Mutation: {
      kickUsers: async (_, { input }) => {
        const { userId, appIds, options } = input;
        const answer = await client.kickUsers({
          userId,
          appIds,
          options: { userIdType: wireType(options?.userIdType) },
        });
        const { statusCode, message, requestId, data } = answer;
        return { success: data.success, statusCode, message, requestId, auditId: 'none' };
      },
    },
  },
});
const { url } = await startStandaloneServer(server, { listen: { host: '127.0.0.1', port: 0 } });
announce(new URL(url).port);
