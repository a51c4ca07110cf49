/** A front end with Apollo Client that sends hashes in the place of its operations. */
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import type { DocumentNode } from 'graphql';

/** Codegen writes it beside each operation. */
const hashOf = (document: DocumentNode & { __meta__?: { hash: string } }): string => document.__meta__?.hash ?? '';

/** What Apollo's cache can't know by itself: it drops all that fragments on the interface, or on a union, ask for. */
const possibleTypes = {
  MutationError: ['CancelKickJobError', 'KickUsersError', 'StartKickJobError'],
  CancelKickJobPayload: ['CancelKickJobError', 'CancelKickJobSuccess'],
  KickUsersPayload: ['KickUsersError', 'KickUsersSuccess'],
  StartKickJobPayload: ['StartKickJobError', 'StartKickJobSuccess'],
};

/** @param token the signed-in person's; left out where the gateway has no issuer */
export function createClient(uri: string, token?: string): ApolloClient {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const link = ApolloLink.from([new PersistedQueryLink({ generateHash: hashOf }), new HttpLink({ uri, headers })]);
  return new ApolloClient({ link, cache: new InMemoryCache({ possibleTypes }) });
}
