/** Reads the environment, for all but tracing, which starts before this is loaded. All faults are found before any is reported; no value is ever repeated. */
import { ConfigError, withFile, type Environment } from './config-environment';
import { VARIABLES, type Variables } from './config-variables';
import { ManifestError, readPersisted, type PersistedOperations } from './graphql/persisted-manifest';
import { isLoopback } from './http/loopback';

export { ConfigError, type Environment } from './config-environment';

export const VARIABLE_NAMES = Object.keys(VARIABLES.shape);

type VariableName = keyof Variables;

/** Half of one of these is a mistake everywhere. */
const PAIRS: readonly [VariableName, VariableName][] = [
  ['GENAUTH_ACCESS_KEY_ID', 'GENAUTH_ACCESS_KEY_SECRET'],
  ['AUTH_ISSUER', 'AUTH_AUDIENCE'],
];

/** What production can't do without, one line for each fault. */
const REQUIRED_IN_PRODUCTION: readonly VariableName[][] = [
  ['GENAUTH_ACCESS_KEY_ID', 'GENAUTH_ACCESS_KEY_SECRET'],
  ['AUTH_ISSUER', 'AUTH_AUDIENCE'],
  ['DATABASE_URL'],
  ['METRICS_PORT'],
];

type Some<T> = { [K in keyof T]?: T[K] | undefined };

/** Rules that take more than one variable. */
function crossCheck(variables: Some<Variables>, given: Environment): string[] {
  const { NODE_ENV, HOST } = variables;
  // Whether they are set at all: one that is set and wrong has a fault of its own already.
  const isSet = (name: VariableName): boolean => given[name] !== undefined;
  const faults: string[] = [];
  for (const [one, other] of PAIRS) {
    if (isSet(one) !== isSet(other)) faults.push(`${one} and ${other} must be set both or neither`);
  }
  const { PORT, METRICS_PORT } = variables;
  if (METRICS_PORT !== undefined && METRICS_PORT !== 0 && METRICS_PORT === PORT) {
    faults.push('METRICS_PORT must be another one than PORT');
  }
  if (isSet('AUTH_JWKS_URL') && !isSet('AUTH_ISSUER')) faults.push('AUTH_JWKS_URL needs AUTH_ISSUER');
  if (NODE_ENV === 'production') {
    for (const names of REQUIRED_IN_PRODUCTION.filter((group) => !group.some(isSet))) {
      faults.push(`${names.join(' and ')} ${names.length > 1 ? 'are' : 'is'} required in production`);
    }
  } else if (!isSet('AUTH_ISSUER') && HOST !== undefined && !isLoopback(HOST)) {
    faults.push('HOST must be a loopback address while callers need no token');
  }
  return faults;
}

/** The list of operations, read once: null where it can't be used, which is a fault. */
function findPersisted(variables: Some<Variables>): { persisted: PersistedOperations | null; faults: string[] } {
  try {
    return {
      persisted: readPersisted(variables.PERSISTED_OPERATIONS, variables.PERSISTED_OPERATIONS_FILE),
      faults: [],
    };
  } catch (error) {
    if (!(error instanceof ManifestError)) throw error;
    return { persisted: null, faults: [`PERSISTED_OPERATIONS_FILE ${error.message}`] };
  }
}

function toConfig(variables: Variables, persisted: PersistedOperations) {
  const { GENAUTH_ACCESS_KEY_ID: id, GENAUTH_ACCESS_KEY_SECRET: secret } = variables;
  const { AUTH_ISSUER: issuer, AUTH_AUDIENCE: audience, AUTH_JWKS_URL: jwksUrl = null } = variables;
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
    store: { url: variables.DATABASE_URL ?? null, dataDir: variables.DATA_DIR },
    /** Calls to GenAuth in any one second, a tenth more at most, from all gateways of one database. */
    maxCallsPerSecond: variables.GENAUTH_MAX_RPS,
    /** Kicks of one caller in any minute. */
    kicksPerMinute: variables.RATE_LIMIT_PER_MINUTE,
    audit: { isRequired: variables.AUDIT_REQUIRED, retentionDays: variables.RETENTION_DAYS ?? null },
    /** Null: callers need no token; outside production, on loopback only. */
    auth: issuer !== undefined && audience !== undefined ? { issuer, audience, jwksUrl } : null,
    corsOrigins: variables.CORS_ORIGINS,
    persisted,
    /** Where /metrics is, alone; null: on the port of everything else. */
    metricsPort: variables.METRICS_PORT ?? null,
    /** Where spans go, as OpenTelemetry's exporters understand it; null: there are none. */
    otlpEndpoint: variables.OTEL_EXPORTER_OTLP_ENDPOINT ?? null,
    /** Processes on one port. The embedded database has room for one. */
    workers: variables.WORKERS,
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
    const { persisted, faults } = findPersisted(parsed.data);
    faults.push(...crossCheck(parsed.data, given));
    if (persisted === null || faults.length > 0) throw new ConfigError(faults);
    return toConfig(parsed.data, persisted);
  }
  const broken = parsed.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`);
  const brokenNames = new Set(parsed.error.issues.map(({ path }) => path[0]));
  const sound = Object.fromEntries(Object.entries(given).filter(([name]) => !brokenNames.has(name)));
  const rest = VARIABLES.partial().safeParse(sound);
  const others = rest.success ? [...findPersisted(rest.data).faults, ...crossCheck(rest.data, given)] : [];
  throw new ConfigError([...broken, ...others]);
}

/** The process's environment, over the values of `.env` outside production. @throws {ConfigError} */
export function readConfig(environment: Environment = process.env, file = '.env'): Config {
  return parseConfig(withFile(environment, file));
}

/**
 * Where the store is, for commands that need nothing else: production keeps its keys from them.
 * @throws {ConfigError}
 */
export function readStoreConfig(environment: Environment = process.env, file = '.env'): Config['store'] {
  const isProduction = environment['NODE_ENV'] === 'production';
  const { DATABASE_URL = '', DATA_DIR = '' } = withFile(environment, file);
  if (isProduction && DATABASE_URL === '') throw new ConfigError(['DATABASE_URL is required in production']);
  return parseConfig({ DATABASE_URL, DATA_DIR }).store;
}
