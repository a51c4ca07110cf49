/** Why a database can't be used, for whoever set its address: codes and words of ours, as its own texts name users and hosts. */
import { codeOf } from '../errors';

const UNTRUSTED = 'its certificate is of an authority that is not trusted: name its file as sslrootcert';

/** By the code of Node's error, or by PostgreSQL's SQLSTATE (its manual, appendix A). */
const BY_CODE: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens at its address',
  ECONNRESET: 'it closed the connection',
  EHOSTUNREACH: 'there is no way to its address',
  ENETUNREACH: 'there is no way to its address',
  ENOTFOUND: 'its host name has no address',
  EAI_AGAIN: 'its host name can not be looked up',
  ETIMEDOUT: 'it does not answer in time',
  ENOENT: 'a file that DATABASE_URL names can not be read',
  EACCES: 'a file that DATABASE_URL names can not be read',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  '08P01': 'a pooler in between may not let its settings through (the README tells which)',
  '25006': 'it takes no writes',
  '28000': 'it does not let this user in',
  '28P01': 'it refuses the user or the password',
  '3D000': 'it has no database of that name',
  '40P01': 'it broke off what waited for somebody who waited for it',
  '42501': 'the user may not do what the gateway needs, such as to create tables',
  '53100': 'its disk is full',
  '53300': 'it has no connection left',
  '55000': 'it takes no connections',
  '57014': 'it takes too long',
  '57P03': 'it is starting up, or shutting down',
};

/** pg's own errors have texts alone. */
const BY_TEXT: readonly [RegExp, string][] = [
  [/timeout/i, 'it does not answer in time'],
  [/terminated|connection error|was closed/i, 'it closed the connection'],
  [/does not support SSL/, 'it does not speak TLS'],
  [/establishing an SSL/, 'TLS with it fails'],
  [/SASL|password/, 'it asks for a password'],
];

/** Such as ` (28P01): it refuses the user or the password`; empty when there is nothing to say. */
export function describeDatabaseFault(error: unknown): string {
  const code = codeOf(error);
  if (code !== '') return ` (${code})${code in BY_CODE ? `: ${BY_CODE[code]}` : ''}`;
  const [, words] = BY_TEXT.find(([text]) => text.test(String(error))) ?? [];
  return words === undefined ? '' : `: ${words}`;
}

/** The same for a log line, where it stands alone. */
export const databaseFaultOf = (error: unknown): string => describeDatabaseFault(error).replace(/^[ :]+/, '');

/** Classes of SQLSTATE: "data exception" and "program limit exceeded". Another statement may do better, this one never will. */
const OF_CONTENT = /^(?:22|54)[0-9A-Z]{3}$/;

/**
 * Whether the database is well and refuses what a statement brings, such as a text that an index can't hold. Not what a constraint
 * forbids (class 23): somebody has added it, and it may be all that they forgot.
 */
export const isRefusedContent = (error: unknown): boolean => OF_CONTENT.test(codeOf(error));
