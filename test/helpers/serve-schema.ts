/** The gateway's GraphQL edge and HTTP server over another schema: for rules that the real schema can't break yet. */
import { fastifyApolloHandler } from '@as-integrations/fastify';
import type { GraphQLSchema } from 'graphql';
import { admitAnyone } from '../../src/auth/authenticate';
import { createDoor } from '../../src/auth/require-principal';
import { createContext } from '../../src/context';
import { createApollo } from '../../src/graphql/apollo';
import { readPersisted } from '../../src/graphql/persisted-manifest';
import { createHttpServer } from '../../src/http/server';
import { NO_TRACING } from '../../src/observability/tracing';
import { atEnd } from './at-end';
import { captureLog } from './start-app';

/** Ends with the test file. Fields without a resolver are null. */
export async function serveSchema(schema: GraphQLSchema, isProduction = false) {
  const { logs, log } = captureLog();
  const apollo = createApollo(schema, { isProduction, persisted: readPersisted(), observers: [] });
  await apollo.start();
  const http = await createHttpServer({ corsOrigins: [], loopbackOnly: true, isDraining: () => false, log });
  http.route({
    method: ['GET', 'POST'],
    url: '/graphql',
    onRequest: createDoor(http, admitAnyone, log),
    handler: fastifyApolloHandler(apollo, {
      context: async (...exchange) => createContext(log, NO_TRACING)(...exchange),
    }),
  });
  const url = await http.listen({ host: '127.0.0.1', port: 0 });
  atEnd(async () => {
    await http.close();
    await apollo.stop();
  });
  return { url, logs };
}
