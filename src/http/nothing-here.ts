/** What nobody serves: turned away before its body, which Fastify would else read and parse first, for anybody. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { cutOffSoon } from './cut-off';
import { refusal } from './refusal';

/** All that any address of ours takes. */
const METHODS = ['GET', 'HEAD', 'POST'] as const;

/** An address that takes other methods names them (RFC 9110, section 15.5.6). */
function tellNothingHere(app: FastifyInstance, { url, id }: FastifyRequest, reply: FastifyReply): FastifyReply {
  const path = url.split('?', 1)[0] ?? '';
  const allowed = METHODS.filter((method) => app.hasRoute({ method, url: path }));
  const status = allowed.length > 0 ? 405 : 404;
  if (allowed.length > 0) void reply.header('allow', allowed.join(', '));
  return reply.code(status).send(refusal(status, id));
}

/** Call it behind CORS, whose headers the answer has, too. */
export function refuseWhatIsNotServed(app: FastifyInstance): void {
  app.setNotFoundHandler((request, reply) => tellNothingHere(app, request, reply));
  app.addHook('onRequest', (request, reply, done) => {
    if (!request.is404) return done();
    cutOffSoon(request);
    void tellNothingHere(app, request, reply);
  });
}
