/**
 * Every place of a request that a caller can write into, each as a function of what is written there. A new place of a
 * new operation is one line more: leaks.test.ts sends each canary through all of them.
 */
import { operation } from '../helpers/execute';

export interface Sent {
  /** With the query string; `/graphql` if left out. */
  address?: string;
  init: RequestInit;
}
export type LeakPath = (canary: string) => Sent;

/** Where GraphQL takes names only: the canary with everything else replaced. */
export const toName = (canary: string): string => canary.replaceAll(/\W/g, '_').replace(/^(?=\d)/, '_');

const JSON_TYPE = { 'content-type': 'application/json' };
const post = (body: object | string, headers: Record<string, string> = {}): Sent => ({
  init: {
    method: 'POST',
    headers: { ...JSON_TYPE, ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  },
});
const get = (address: string, headers: Record<string, string> = {}): Sent => ({ address, init: { headers } });

const KICK = operation('kick-users');
const INPUT = { userId: '6229ffa00000000000000001', appIds: ['62188e700000000000000001'] };
const kick = (change: object) => post({ query: KICK, variables: { input: { ...INPUT, ...change } } });
const kickWith = (fields: string) => post({ query: `mutation { kickUsers(input: { ${fields} }) { __typename } }` });
const query = (text: string) => post({ query: text });
const ID_TYPES = ['USER_ID', 'EXTERNAL_ID', 'PHONE', 'EMAIL', 'USERNAME', 'IDENTITY', 'SYNC_RELATION', 'CUSTOM_FIELD'];

const VARIABLES: Record<string, LeakPath> = {
  ...Object.fromEntries(
    ID_TYPES.map((userIdType): [string, LeakPath] => [
      `a userId that is a ${userIdType}`,
      (userId) => kick({ userId, options: { userIdType } }),
    ]),
  ),
  'an app id': (canary) => kick({ appIds: [canary] }),
  'an app id twice': (canary) => kick({ appIds: [canary, canary] }),
  'a ticket': (canary) => kick({ ticket: canary }),
  'a ticket that is too long': (canary) => kick({ ticket: canary.padEnd(300, canary) }),
  'a reason': (canary) => kick({ reason: canary }),
  'a kind of id': (canary) => kick({ options: { userIdType: canary } }),
  'an unknown field': (canary) => kick({ [canary]: canary }),
  'an object for an id': (canary) => kick({ userId: { [canary]: canary } }),
  'a list for a text': (canary) => kick({ ticket: [canary] }),
  'sixty wrong items': (canary) => kick({ appIds: Array.from({ length: 60 }, () => ({ canary })) }),
  'an input that is a text': (canary) => post({ query: KICK, variables: { input: canary } }),
  'a variable that nobody asked for': (canary) => post({ query: KICK, variables: { input: INPUT, [canary]: canary } }),
  'variables that are a text': (canary) => post({ query: KICK, variables: canary }),
  'variables that are a list': (canary) => post({ query: KICK, variables: [canary] }),
};

const LITERALS: Record<string, LeakPath> = {
  'a literal userId': (canary) => kickWith(`userId: "${canary}", appIds: ["a"], options: { userIdType: PHONE }`),
  'a literal text for an enum': (canary) => kickWith(`userId: "u", appIds: ["a"], reason: "${canary}"`),
  'a literal enum': (canary) => kickWith(`userId: "u", appIds: ["a"], reason: ${toName(canary)}`),
  'a literal object': (canary) => kickWith(`userId: { a: "${canary}" }, appIds: ["a"]`),
  'a literal that contradicts a null': (canary) => post({ query: `mutation ($id: ID = "u") { kickUsers(input: { userId: $id, appIds: ["${canary}"] }) { __typename } }`, variables: { id: null } }), // prettier-ignore
  'a default value': (canary) => query(`query ($a: Int = "${canary}") { __typename @skip(if: $a) }`),
  'an argument of a directive': (canary) => query(`{ __typename @skip(if: "${canary}") }`),
  'a comment before a syntax error': (canary) => query(`# ${canary}\n{ viewer {`),
  'a text without an end': (canary) => query(`{ viewer(a: "${canary}`),
  'a document that is none': (canary) => query(canary),
};

const NAMES: Record<string, LeakPath> = {
  'a field': (canary) => query(`{ ${toName(canary)} }`),
  'a field of a field': (canary) => query(`{ viewer { ${toName(canary)} { a } } }`),
  'an argument': (canary) => query(`{ viewer(${toName(canary)}: 1) { subject } }`),
  'an input field': (canary) => kickWith(`userId: "u", appIds: ["a"], ${toName(canary)}: "x"`),
  'a type': (canary) => query(`query ($a: ${toName(canary)}) { __typename @skip(if: $a) }`),
  'a directive': (canary) => query(`{ __typename @${toName(canary)} }`),
  'an argument name of a directive': (canary) => query(`{ __typename @skip(${toName(canary)}: true) }`),
  'a fragment': (canary) => query(`{ ...${toName(canary)} }`),
  'a fragment that nobody uses': (canary) => query(`{ __typename } fragment ${toName(canary)} on Query { __typename }`),
  'an operation': (canary) => query(`query ${toName(canary)} { __typename }`),
  'an operation that is refused': (canary) => query(`query ${toName(canary)} { nothing }`),
  'a variable': (canary) => query(`query ($${toName(canary)}: Int!) { __typename @skip(if: $${toName(canary)}) }`),
  'a required variable': (canary) =>
    query(`query A($${toName(canary)}: Boolean!) { __typename @skip(if: $${toName(canary)}) }`),
  'a wrong variable': (canary) => post({ query: `query A($${toName(canary)}: Boolean!) { __typename @skip(if: $${toName(canary)}) }`, variables: { [toName(canary)]: canary } }), // prettier-ignore
  'aliases in conflict': (canary) => query(`{ viewer { ${toName(canary)}: subject ${toName(canary)}: issuer } }`),
  operationName: (canary) => post({ query: '{ __typename }', operationName: canary }),
  'operationName with quotes': (canary) => post({ query: '{ __typename }', operationName: `a" ${canary} "b` }),
};

const BODIES: Record<string, LeakPath> = {
  'a member that nobody reads': (canary) => post({ query: '{ __typename }', [canary]: canary }),
  extensions: (canary) => post({ query: '{ __typename }', extensions: { [canary]: canary } }),
  'extensions that are a text': (canary) => post({ query: '{ __typename }', extensions: canary }),
  'a hash': (canary) => post({ extensions: { persistedQuery: { version: 1, sha256Hash: canary } } }),
  'a version of the hash': (canary) => post({ extensions: { persistedQuery: { version: canary, sha256Hash: 'a' } } }),
  'broken JSON': (canary) => post(`{"query":"${canary}`),
  'JSON with something behind it': (canary) => post(`{"query":"{ __typename }"}${canary}`),
  'a poisoned prototype': (canary) => post(`{"__proto__":{"${canary}":"${canary}"}}`),
  'a body that is a text': (canary) => post(JSON.stringify(canary)),
  'a batch': (canary) => post([{ query: canary }]),
  'a query that is a list': (canary) => post({ query: [canary] }),
  'a form': (canary) => ({ init: { method: 'POST', body: new URLSearchParams({ query: canary }) } }),
  'plain text': (canary) => post(canary, { 'content-type': 'text/plain' }),
  'an unknown content type': (canary) => post('{}', { 'content-type': `application/${toName(canary)}` }),
  'a long body': (canary) => post({ query: '{ __typename }', variables: { a: canary.repeat(10_000) } }),
};

const HEADERS = ['authorization', 'cookie', 'user-agent', 'referer', 'origin', 'accept', 'x-forwarded-for', 'x-api-key', 'apollographql-client-name', 'traceparent']; // prettier-ignore
/** `x-request-id` is logged and echoed by promise where it has the shape of one; so it is only sent here with an odd shape. */
const IN_HEADERS: Record<string, LeakPath> = {
  ...Object.fromEntries(
    HEADERS.flatMap((name): [string, LeakPath][] => [
      [`header ${name}`, (canary) => post({ query: KICK, variables: { input: INPUT } }, { [name]: canary })],
      [`header ${name} on nothing`, (canary) => get('/nothing', { [name]: canary })],
    ]),
  ),
  'a bearer token': (canary) => post({ query: '{ viewer { subject } }' }, { authorization: `Bearer ${canary}` }),
  'a basic password': (canary) => post({ query: '{ viewer { subject } }' }, { authorization: `Basic ${btoa(canary)}` }),
  'an odd request id': (canary) => post({ query: '{ nothing }' }, { 'x-request-id': `id ${canary}` }),
};

const ADDRESSES: Record<string, LeakPath> = {
  'a path': (canary) => get(`/${encodeURIComponent(canary)}`),
  'a path below GraphQL': (canary) => get(`/graphql/${encodeURIComponent(canary)}`),
  'an address that cannot be decoded': (canary) => get(`/%ff/${encodeURIComponent(canary)}`),
  'a query string without an operation': (canary) => get(`/graphql?token=${encodeURIComponent(canary)}`),
  'a query string on a POST': (canary) => ({
    address: `/graphql?token=${encodeURIComponent(canary)}`,
    ...query('{ nothing }'),
  }),
  'a query string on readiness': (canary) => get(`/readyz?token=${encodeURIComponent(canary)}`),
  'a query by GET': (canary) => get(`/graphql?query=${encodeURIComponent(`{ viewer(a: "${canary}") { subject } }`)}`, { 'apollo-require-preflight': '1' }), // prettier-ignore
  'variables by GET': (canary) =>
    get(`/graphql?query={__typename}&variables=${encodeURIComponent(canary)}`, { 'apollo-require-preflight': '1' }),
  'operationName by GET': (canary) =>
    get(`/graphql?query={__typename}&operationName=${encodeURIComponent(canary)}`, { 'apollo-require-preflight': '1' }),
  'an unknown method': (canary) => ({
    init: { method: 'PATCH', headers: JSON_TYPE, body: JSON.stringify({ canary }) },
  }),
};

const JOB_INPUT = { userIds: ['u'], appIds: ['a'], reason: 'OTHER', idempotencyKey: 'k' };
const start = (change: object) => post({ query: operation('start-kick-job'), variables: { input: { ...JOB_INPUT, ...change } } }); // prettier-ignore
const STREAM = '/graphql/stream';
const watch = (body: object | string): Sent => ({ address: STREAM, ...post(body) });
const WATCH = operation('kick-job-progress');

/** Jobs that are accepted would be too many, and told of truly; so each of these is refused. */
const JOBS: Record<string, LeakPath> = {
  'a user of a list': (canary) => start({ userIds: [canary, ' '] }),
  'an e-mail of a list that is none': (canary) => start({ userIds: [`${canary} x`], options: { userIdType: 'EMAIL' } }),
  'a phone of a list that is none': (canary) => start({ userIds: [`${canary}x`], options: { userIdType: 'PHONE' } }),
  'a user of a list that is an object': (canary) => start({ userIds: [{ [canary]: canary }] }),
  'an app of a job twice': (canary) => start({ appIds: [canary, canary] }),
  'a ticket of a job that is too long': (canary) => start({ ticket: canary.padEnd(300, canary) }),
  'an idempotency key that is too long': (canary) => start({ idempotencyKey: canary.padEnd(300, canary) }),
  'a job to cancel': (canary) => post({ query: operation('cancel-kick-job'), variables: { id: canary } }),
  'a job to retry': (canary) => post({ query: operation('retry-kick-job'), variables: { id: canary, idempotencyKey: canary } }), // prettier-ignore
  'a job to read': (canary) => post({ query: operation('kick-job'), variables: { id: canary } }),
  'a state of outcomes': (canary) => post({ query: operation('kick-job'), variables: { id: 'x', state: canary } }),
  'a cursor of jobs': (canary) => post({ query: operation('kick-jobs'), variables: { after: canary } }),
  'a job to watch': (canary) => watch({ query: WATCH, variables: { id: canary } }),
  'an object to watch': (canary) => watch({ query: WATCH, variables: { id: { [canary]: canary } } }),
  'a literal to watch': (canary) => watch({ query: `subscription { kickJobProgress(id: "${canary}") { total } }` }),
  'a field to watch': (canary) => watch({ query: `subscription { kickJobProgress(id: "x") { ${toName(canary)} } }` }),
  'an operationName at the stream': (canary) => watch({ query: WATCH, operationName: canary }),
  'a document at the stream': (canary) => watch({ query: canary }),
  'broken JSON at the stream': (canary) => watch(`{"query":"${canary}`),
  'a query string at the stream': (canary) => ({ ...watch({ query: WATCH }), address: `${STREAM}?token=${encodeURIComponent(canary)}` }), // prettier-ignore
};

export const LEAK_PATHS: Record<string, LeakPath> = {
  ...VARIABLES,
  ...LITERALS,
  ...NAMES,
  ...BODIES,
  ...IN_HEADERS,
  ...ADDRESSES,
  ...JOBS,
};
