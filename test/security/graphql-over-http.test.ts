/** The audit that comes with graphql-http (GraphQL over HTTP specification), run against the real gateway. */
import { serverAudits } from 'graphql-http';
import { startTestApp } from '../helpers/start-app';

/** What the gateway does otherwise, on purpose: 4xx for faults whatever is accepted, and no GET without a preflight. */
const MEANT: Record<string, string> = {
  '572B': 'SHOULD use 200 status code on document parsing failure when accepting application/json',
  FDE2: 'SHOULD use 200 status code on document validation failure when accepting application/json',
  '7B9B': 'SHOULD use a status code of 200 on variable coercion failure when accepting application/json',
  '5A70': 'MAY accept application/x-www-form-urlencoded formatted GET requests',
  D6D5: 'MAY allow URL-encoded JSON string {variables} parameter in GETs when accepting application/graphql-response+json',
  '6A70': 'MAY allow URL-encoded JSON string {variables} parameter in GETs when accepting application/json',
};

it('passes but for six recommendations, and no requirement', async () => {
  const { url } = await startTestApp();
  const results = await Promise.all(serverAudits({ url: `${url}/graphql` }).map((audit) => audit.fn()));
  expect(results.length).toBeGreaterThanOrEqual(61);
  const others = results.filter(({ status }) => status !== 'ok');
  expect(Object.fromEntries(others.map(({ id, name }) => [id, name]))).toEqual(MEANT);
  expect(others.map(({ status }) => status).toSorted()).toEqual(['notice', 'notice', 'notice', 'warn', 'warn', 'warn']);
});
