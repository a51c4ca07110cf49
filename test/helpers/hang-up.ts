/** A caller who goes away in the middle of a kick. */
import { request } from 'node:http';
import { operation } from './execute';

/** Sends a kick over a connection of its own. @returns what hangs up */
export function kickToBeDropped({ url }: { url: string }, input: object): () => void {
  const headers = { 'content-type': 'application/json' };
  // Not fetch: that opens another connection in place of an aborted one.
  const caller = request(`${url}/graphql`, { method: 'POST', headers, agent: false }).on('error', () => undefined);
  caller.end(JSON.stringify({ query: operation('kick-users'), variables: { input } }));
  return () => void caller.destroy();
}
