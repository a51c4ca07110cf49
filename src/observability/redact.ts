/**
 * Cuts out of a log record whatever bears the name of a secret, at the top and one level down. pino's own redaction does
 * the same by copying every record and walking a list of paths, at a tenth of what a whole kick costs.
 */

import { types } from 'node:util';

const SECRETS: ReadonlySet<string> = new Set([
  'authorization',
  'accessKeyId',
  'accessKeySecret',
  'secret',
  'signature',
  'token',
  'userId',
  'userIds',
  'email',
  'phone',
]);

const CENSOR = '[redacted]';

type Facts = Record<string, unknown>;

/** Errors are described by the logger, name by name. */
const isObject = (value: unknown): value is Facts =>
  typeof value === 'object' && value !== null && !types.isNativeError(value);

const asItIs = (value: unknown): unknown => value;

/** The object itself while there is nothing to cut; never changes it. */
function cut(facts: Facts, ofMember: (value: unknown) => unknown): Facts {
  let changed: Facts | null = null;
  for (const name in facts) {
    const value = facts[name];
    const clean = SECRETS.has(name) ? CENSOR : ofMember(value);
    if (clean !== value) (changed ??= { ...facts })[name] = clean;
  }
  return changed ?? facts;
}

const cutMember = (value: unknown): unknown => (isObject(value) ? cut(value, asItIs) : value);

export const redact = (record: Facts): Facts => cut(record, cutMember);
