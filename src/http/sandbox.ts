/** `GET /` outside production: Apollo Sandbox, opened on an operation that only has to be run. */
import { randomBytes } from 'node:crypto';
import type { FastifyInstance } from 'fastify';

/** The origins that Sandbox's pages call from: the one at Apollo, and the frame that ours embeds. */
export const SANDBOX_ORIGINS = ['https://studio.apollographql.com', 'https://sandbox.embed.apollographql.com'];

export interface SandboxState {
  document: string;
  variables: Record<string, unknown>;
  headers: Record<string, string>;
}

/** What Sandbox sends along, with a place that asks for a token where one is needed. */
export const sandboxHeaders = (needsToken: boolean): Record<string, string> => ({
  'x-request-id': 'sandbox',
  ...(needsToken && { authorization: 'Bearer <put a token here>' }),
});

/** JSON that can stand inside a script element. */
const toScriptLiteral = (value: unknown): string => JSON.stringify(value).replaceAll('<', String.raw`\u003c`);

const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/**
 * Apollo Server's own landing page takes the page's address for the endpoint; ours stands at `/`, the endpoint at
 * `/graphql`. So this is the embedding that https://www.apollographql.com/docs/graphos/platform/sandbox documents.
 */
function renderPage(state: SandboxState, endpointPath: string, curl: string, nonce: string): string {
  const config = { target: '#sandbox', initialState: { ...state, includeCookies: false }, runTelemetry: false };
  return `<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>kickUsers in Apollo Sandbox</title>
    <style nonce="${nonce}">
      body { margin: 0; font-family: sans-serif; }
      iframe { width: 100%; height: 100%; border: none; }
      #sandbox { width: 100vw; height: 100vh; position: absolute; top: 0; background: white; }
      #sandbox:empty { display: none; }
      .offline { padding: 1em; }
    </style>
  </head>
  <body>
    <div class="offline">
      <p>Apollo Sandbox is loaded from Apollo's network; without it, this line does the same:</p>
      <pre>${escapeHtml(curl)}</pre>
    </div>
    <div id="sandbox"></div>
    <script nonce="${nonce}" src="https://embeddable-sandbox.cdn.apollographql.com/v2/embeddable-sandbox.umd.production.min.js"></script>
    <script nonce="${nonce}">
      const config = ${toScriptLiteral(config)};
      const initialEndpoint = new URL(${toScriptLiteral(endpointPath)}, window.location.href).href;
      if (window.EmbeddedSandbox) new window.EmbeddedSandbox({ ...config, initialEndpoint });
    </script>
  </body>
</html>
`;
}

const contentSecurityPolicy = (nonce: string): string =>
  [
    "default-src 'none'",
    `script-src 'nonce-${nonce}' https://embeddable-sandbox.cdn.apollographql.com`,
    `style-src 'nonce-${nonce}' https://embeddable-sandbox.cdn.apollographql.com`,
    'frame-src https://sandbox.embed.apollographql.com',
    "connect-src 'self' https://*.apollographql.com",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');

/** @param curl what to paste into a shell instead, once the address is known */
export function serveSandbox(
  app: FastifyInstance,
  state: SandboxState,
  endpointPath: string,
  curl: () => string,
): void {
  app.get('/', async (_request, reply) => {
    const nonce = randomBytes(16).toString('base64');
    return reply
      .header('content-security-policy', contentSecurityPolicy(nonce))
      .type('text/html; charset=utf-8')
      .send(renderPage(state, endpointPath, curl(), nonce));
  });
}
