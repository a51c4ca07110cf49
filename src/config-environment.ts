/** Where variables come from. Loads next to nothing: tracing has to be started before everything that it traces. */
import { readFileSync } from 'node:fs';
import { parse } from 'dotenv';
import { codeOf } from './errors';
import { isUrl } from './http/loopback';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The environment can't be used; `faults` has one line for each reason. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  constructor(readonly faults: string[]) {
    super(faults.join('\n'));
  }
}

/** The given environment, over the values of the file outside production. @throws {ConfigError} */
export function withFile(environment: Environment, file: string): Environment {
  if (environment['NODE_ENV'] === 'production') return environment;
  const values = readEnvFile(file);
  // It would be production, with a file that is not read in production.
  if (values['NODE_ENV'] === 'production' && environment['NODE_ENV'] === undefined) {
    throw new ConfigError([`${file} must not set NODE_ENV to production: set it in the environment`]);
  }
  return { ...values, ...environment };
}

function readEnvFile(file: string): Environment {
  try {
    return parse(readFileSync(file));
  } catch (error) {
    const code = codeOf(error) || 'unreadable';
    if (code === 'ENOENT') return {};
    throw new ConfigError([`${file} cannot be read (${code})`]);
  }
}

/** URL parsing forgives spaces at the ends, and what is put behind a query goes into it: `/v1/traces` is put behind this. */
export const hasRoomForPath = (value: string): boolean => !/[\s\p{Cc}?#]/u.test(value);

/** Null where there is none, and where it is none: the faults of the environment are told once all of it is read. */
export function readTracingEndpoint(environment: Environment = process.env, file = '.env'): string | null {
  try {
    const endpoint = withFile(environment, file)['OTEL_EXPORTER_OTLP_ENDPOINT'] ?? '';
    return isUrl(endpoint) && hasRoomForPath(endpoint) ? endpoint : null;
  } catch {
    return null;
  }
}
