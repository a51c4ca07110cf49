/**
 * GraphQL Mesh as it is run today: its OpenAPI handler makes a subgraph, Fusion composes it, Hive Gateway serves it. Mesh
 * cannot sign by configuration, so a hook signs each call, which costs no exchange of its own. No token, no record.
 */
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { createGatewayRuntime } from '@graphql-hive/gateway-runtime';
import { getUnifiedGraphGracefully } from '@graphql-mesh/fusion-composition';
import rest from '@graphql-mesh/transport-rest';
import { loadOpenAPISubgraph } from '@omnigraph/openapi';
import { fetch } from 'undici';
import { announce, sign } from './genauth.mjs';

const cwd = fileURLToPath(new URL('.', import.meta.url));
const quiet = () => undefined;
const logger = { log: quiet, debug: quiet, info: quiet, warn: quiet, error: quiet, child: () => logger };
const source = './kick-users.openapi.json';
const subgraph = loadOpenAPISubgraph('genauth', { source, endpoint: process.env.GENAUTH_HOST })({ fetch, cwd, logger });
const supergraph = getUnifiedGraphGracefully([{ name: subgraph.name, schema: await subgraph.schema$ }]);

const signing = {
  onFetch: ({ options, setOptions }) => {
    const { date, ...headers } = sign(JSON.parse(options.body));
    setOptions({ ...options, headers: { ...options.headers, date, ...headers } });
  },
};
const gateway = createGatewayRuntime({
  supergraph,
  transports: { rest },
  plugins: () => [signing],
  logging: false,
  landingPage: false,
  graphiql: false,
  maskedErrors: true,
});
const server = createServer(gateway);
server.listen(0, '127.0.0.1', () => announce(server.address().port));
