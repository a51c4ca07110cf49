/** What nobody serves: turned away before its body, which Fastify would else read and parse first, for anybody. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { cutOffSoon } from './cut-off';
import { refusal } from './refusal';

/** Call it behind CORS, whose headers the answer has, too, and before the routes are made. */
export function refuseWhatIsNotServed(app: FastifyInstance): void {
  // Kept here: Fastify's `hasRoute` takes what it is asked for a pattern, and a caller's path must not be one.
  const served = new Map<string, string[]>();
  app.addHook('onRoute', ({ url, method }) => {
    served.set(url, [...(served.get(url) ?? []), ...[method].flat()].toSorted());
  });
  /** An address that takes other methods names them (RFC 9110, section 15.5.6). */
  const tellNothingHere = ({ url, id }: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const allowed = served.get(url.split('?', 1)[0] ?? '');
    const status = allowed === undefined ? 404 : 405;
    if (allowed !== undefined) void reply.header('allow', allowed.join(', '));
    return reply.code(status).send(refusal(status, id));
  };
  app.setNotFoundHandler(tellNothingHere);
  app.addHook('onRequest', (request, reply, done) => {
    if (!request.is404) return done();
    cutOffSoon(request);
    void tellNothingHere(request, reply);
  });
}
