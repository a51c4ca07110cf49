/** The one reader of the environment. All faults are found before any is reported; no value is ever repeated. */
import { readFileSync } from 'node:fs';
import { parse } from 'dotenv';
import { z } from 'zod';
import { findPersistedFaults, readPersisted } from './graphql/persisted-manifest';
import { isLoopback } from './http/loopback';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The environment can't be used; `faults` has one line for each reason. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  constructor(readonly faults: string[]) {
    super(faults.join('\n'));
  }
}

/** No upper bound of our own: whoever sets a timer caps the value at what a timer can take. */
const wholeNumber = (min: number, defaultValue: number) =>
  z
    .string()
    .regex(/^\d+$/, 'must be a whole number')
    .transform((digits) => Math.min(Number(digits), Number.MAX_SAFE_INTEGER))
    .refine((value) => value >= min, `must be at least ${min}`)
    .default(defaultValue);

const url = (message = 'must be an address such as https://api.genauth.ai') =>
  z.string().refine((value) => URL.canParse(value), message);

/** Credentials may only travel encrypted, except on this machine. */
const isSafeUrl = (value: string): boolean => {
  if (!URL.canParse(value)) return true;
  const { protocol, hostname } = new URL(value);
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname));
};
const SAFE_URL = 'must begin with https:// (http:// on loopback only)';

/** GenAuth's path is part of what is signed, so the host is an origin and nothing more. */
const isOrigin = (value: string): boolean => {
  if (!URL.canParse(value)) return true;
  const { pathname, search, hash, username, password } = new URL(value);
  return pathname === '/' && search === '' && hash === '' && username === '' && password === '';
};

/** `*` may stand in the host of a URL. */
const isExactOrigin = (value: string): boolean =>
  !value.includes('*') && URL.canParse(value) && new URL(value).origin === value;

/** What can stand in a header as it is: visible ASCII (RFC 9110, section 5.5). */
const headerText = z.string().regex(/^[\x21-\x7e]+$/, 'must be visible ASCII characters without spaces');

/** The variables as they are written; `.env.example` names the same ones. */
const VARIABLES = z.object({
  NODE_ENV: z.string().default('development'),
  HOST: z.string().min(1).default('127.0.0.1'),
  PORT: wholeNumber(0, 4000).refine((port) => port <= 65_535, 'must be at most 65535'),
  GENAUTH_HOST: url()
    .refine(isSafeUrl, SAFE_URL)
    .refine(isOrigin, 'must be an origin, without a path, a query or a password')
    .transform((value) => new URL(value).origin)
    .default('https://api.genauth.ai'),
  GENAUTH_ACCESS_KEY_ID: headerText.refine((id) => !id.includes(':'), 'must not contain a colon').optional(),
  GENAUTH_ACCESS_KEY_SECRET: z.string().optional(),
  GENAUTH_TENANT_ID: headerText.optional(),
  GENAUTH_LANG: z.enum(['en-US', 'zh-CN', 'ja-JP', 'zh-TW'], 'must be en-US, zh-CN, ja-JP or zh-TW').default('en-US'),
  GENAUTH_HEADER_PREFIX: z.enum(['authing', 'genauth'], 'must be authing or genauth').default('authing'),
  GENAUTH_TIMEOUT_MS: wholeNumber(1, 10_000),
  GENAUTH_BREAKER_FAILURES: wholeNumber(0, 20),
  CORS_ORIGINS: z
    .string()
    .transform((list) =>
      list
        .split(',')
        .map((origin) => origin.trim())
        .filter((origin) => origin !== ''),
    )
    .refine(
      (origins) => origins.every(isExactOrigin),
      'must list exact origins such as https://admin.example.com; wildcards are refused',
    )
    .default([]),
  PERSISTED_OPERATIONS: z.enum(['off', 'log', 'enforce'], 'must be off, log or enforce').default('off'),
  PERSISTED_OPERATIONS_FILE: z.string().optional(),
  SHUTDOWN_GRACE_MS: wholeNumber(0, 5000),
  LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], 'must be a pino level such as info')
    .default('info'),
});
type Variables = z.output<typeof VARIABLES>;

export const VARIABLE_NAMES = Object.keys(VARIABLES.shape);

/** Rules that take more than one variable. */
type Some<T> = { [K in keyof T]?: T[K] | undefined };

function crossCheck(variables: Some<Variables>, given: Environment): string[] {
  const { NODE_ENV, HOST } = variables;
  const faults = findPersistedFaults(variables.PERSISTED_OPERATIONS, variables.PERSISTED_OPERATIONS_FILE);
  // Whether they are set at all: one that is set and wrong has a fault of its own already.
  const hasId = given['GENAUTH_ACCESS_KEY_ID'] !== undefined;
  const hasSecret = given['GENAUTH_ACCESS_KEY_SECRET'] !== undefined;
  if (hasId !== hasSecret) {
    faults.push('GENAUTH_ACCESS_KEY_ID and GENAUTH_ACCESS_KEY_SECRET must be set both or neither');
  }
  if (NODE_ENV === 'production' && !hasId && !hasSecret) {
    faults.push('GENAUTH_ACCESS_KEY_ID and GENAUTH_ACCESS_KEY_SECRET are required in production');
  }
  if (HOST !== undefined && !isLoopback(HOST)) {
    faults.push('HOST must be a loopback address while callers need no token');
  }
  return faults;
}

function toConfig(variables: Variables) {
  const { GENAUTH_ACCESS_KEY_ID: id, GENAUTH_ACCESS_KEY_SECRET: secret } = variables;
  return {
    isProduction: variables.NODE_ENV === 'production',
    host: variables.HOST,
    port: variables.PORT,
    genauth: {
      host: variables.GENAUTH_HOST,
      /** Null: run against the embedded emulator. */
      key: id !== undefined && secret !== undefined ? { id, secret } : null,
      tenantId: variables.GENAUTH_TENANT_ID ?? null,
      lang: variables.GENAUTH_LANG,
      dialect: variables.GENAUTH_HEADER_PREFIX,
      timeoutMs: variables.GENAUTH_TIMEOUT_MS,
      breakerFailures: variables.GENAUTH_BREAKER_FAILURES,
    },
    corsOrigins: variables.CORS_ORIGINS,
    persisted: readPersisted(variables.PERSISTED_OPERATIONS, variables.PERSISTED_OPERATIONS_FILE),
    shutdownGraceMs: variables.SHUTDOWN_GRACE_MS,
    logLevel: variables.LOG_LEVEL,
  };
}
export type Config = ReturnType<typeof toConfig>;

/**
 * Checks an environment. An empty value counts as not set, as in most shells and compose files.
 * @throws {ConfigError} with all faults at once, none of which repeats a value
 */
export function parseConfig(environment: Environment): Config {
  const given: Environment = Object.fromEntries(
    VARIABLE_NAMES.flatMap((name) => {
      const value = environment[name];
      return value === undefined || value === '' ? [] : [[name, value]];
    }),
  );
  const parsed = VARIABLES.safeParse(given);
  if (parsed.success) {
    const faults = crossCheck(parsed.data, given);
    if (faults.length > 0) throw new ConfigError(faults);
    return toConfig(parsed.data);
  }
  const broken = parsed.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`);
  const brokenNames = new Set(parsed.error.issues.map(({ path }) => path[0]));
  const sound = Object.fromEntries(Object.entries(given).filter(([name]) => !brokenNames.has(name)));
  const rest = VARIABLES.partial().safeParse(sound);
  throw new ConfigError([...broken, ...(rest.success ? crossCheck(rest.data, given) : [])]);
}

/** The process's environment, over the values of `.env` outside production. @throws {ConfigError} */
export function readConfig(environment: Environment = process.env, file = '.env'): Config {
  return parseConfig(environment['NODE_ENV'] === 'production' ? environment : { ...readEnvFile(file), ...environment });
}

function readEnvFile(file: string): Environment {
  try {
    return parse(readFileSync(file));
  } catch (error) {
    const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'unreadable';
    if (code === 'ENOENT') return {};
    throw new ConfigError([`${file} cannot be read (${code})`]);
  }
}
