/** The rows of the table: which server, how it is asked, and what a right answer has in it. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { LoadPlan } from './load';
import type { ServerOptions } from './server';

const ROOT = path.join(__dirname, '..', '..');
const PEERS = path.join(__dirname, 'peers');
const peer = (file: string): string => path.join(PEERS, file);

export const GATEWAY = path.join(ROOT, 'dist', 'main.js');

const KICK_USERS = readFileSync(path.join(ROOT, 'schema', 'operations', 'kick-users.graphql'), 'utf8');
const MESH_KICK = `mutation KickUsers($input: KickUsersDto_Input!) {
  kickUsers(input: $input) { statusCode message requestId data { success } }
}`;
const APP_ID = '62188e700000000000000001';

/** How one server is asked for one kick. */
export type Question = Pick<LoadPlan, 'path' | 'body' | 'marker'>;

/** Stands where the user's id goes. */
const USER = '<user>';

/** JSON with the user's id to be put in between. */
function split(body: object): [string, string] {
  const [before = '', after = ''] = JSON.stringify(body).split(USER);
  return [before, after];
}

const input = { userId: USER, appIds: [APP_ID], options: { userIdType: 'USER_ID' } };
const reasoned = { ...input, reason: 'LEAKED_CREDENTIAL', ticket: 'INC-1042' };

/** What the gateway takes, and every peer with the gateway's own schema. */
export const KICK: Question = {
  path: '/graphql',
  body: split({ query: KICK_USERS, variables: { input: reasoned } }),
  marker: '"__typename":"KickUsersSuccess"',
};

const REST: Question = {
  path: '/kick',
  body: split({ userId: USER, appIds: [APP_ID] }),
  marker: '"success":true',
};

const MESH: Question = {
  path: '/graphql',
  body: split({
    query: MESH_KICK,
    variables: { input: { ...input, options: { userIdType: 'user_id' } } },
  }),
  marker: '"success":true',
};

export interface Row {
  title: string;
  /** Null: the upstream itself. */
  args: ServerOptions['args'] | null;
  question: Question;
  /** Whether each kick leaves two records. */
  hasRecord?: boolean;
  env?: Record<string, string>;
}

export const ROWS = {
  upstream: { title: 'load generator on the upstream alone', args: null, question: REST },
  rest: { title: 'bare REST handler', args: [peer('rest.mjs')], question: REST },
  gateway: { title: 'the gateway, complete', args: [GATEWAY], question: KICK, hasRecord: true },
  'no-record': { title: 'the gateway without its record', args: [peer('gateway-without-audit.cjs')], question: KICK },
  mercurius: { title: 'mercurius + JIT, same duties', args: [peer('mercurius.mjs')], question: KICK, hasRecord: true },
  'mercurius-remembering': {
    title: 'same, with our remembered verdicts',
    args: [peer('mercurius.mjs')],
    question: KICK,
    hasRecord: true,
    env: { PEER_REMEMBERS_TOKENS: 'true' },
  },
  'mercurius-bare': { title: 'mercurius + JIT, no duties', args: [peer('mercurius-bare.mjs')], question: KICK },
  'apollo-sdk': { title: 'Apollo standalone + official SDK', args: [peer('apollo-sdk.mjs')], question: KICK },
  mesh: { title: 'GraphQL Mesh (Hive Gateway)', args: [peer('mesh.mjs')], question: MESH },
} as const satisfies Record<string, Row>;
export type RowName = keyof typeof ROWS;

export const isRowName = (name: string): name is RowName => Object.hasOwn(ROWS, name);
