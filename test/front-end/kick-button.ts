/** What a front end does with the generated types: one mutation, and every outcome told to the person who clicked. */
import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { print } from 'graphql';
import { KickUsersDocument, type KickUsersMutation, type KickUsersMutationVariables } from '../generated/graphql';

async function send<Result, Variables>(
  endpoint: string,
  document: TypedDocumentNode<Result, Variables>,
  variables: Variables,
  token?: string,
): Promise<Result> {
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify({ query: print(document), variables }),
  });
  const { data, errors } = (await response.json()) as { data?: Result; errors?: { message: string }[] };
  if (!data) throw new Error(errors?.[0]?.message ?? `HTTP ${response.status}`);
  return data;
}

/** The compiler refuses this when the union gets a member that no case handles. */
const neverHappens = (payload: never): never => {
  throw new Error(`Unknown outcome: ${JSON.stringify(payload)}`);
};

export function describeOutcome({ kickUsers: payload }: KickUsersMutation): string {
  switch (payload.__typename) {
    case 'KickUsersSuccess':
      return 'The user is offline.';
    case 'KickUsersError':
      if (payload.code === 'INVALID_INPUT') return payload.fieldErrors.map(({ message }) => message).join('; ');
      if (payload.mayHaveTakenEffect) return `It may have worked: ${payload.code}`;
      return payload.retryable ? `Try again in ${payload.retryAfterSeconds ?? 1} s` : `Not done: ${payload.code}`;
    default:
      return neverHappens(payload);
  }
}

/** @param token the signed-in person's; left out where the gateway has no issuer */
export async function kickAndTell(
  endpoint: string,
  input: KickUsersMutationVariables['input'],
  token?: string,
): Promise<string> {
  return describeOutcome(await send(endpoint, KickUsersDocument, { input }, token));
}
