/** Environments that the configuration accepts, and what it says of others. */
import { ConfigError, parseConfig, type Config, type Environment } from '../../src/config';

export const KEY = { GENAUTH_ACCESS_KEY_ID: 'key-id', GENAUTH_ACCESS_KEY_SECRET: 'key-secret' };

export const ISSUER = { AUTH_ISSUER: 'https://issuer.example/oidc', AUTH_AUDIENCE: 'gateway' };
export const STORE = { DATABASE_URL: 'postgres://gateway@db.example/gateway' };
export const METRICS = { METRICS_PORT: '9464' };
export const PRODUCTION = { ...KEY, ...ISSUER, ...STORE, ...METRICS, NODE_ENV: 'production' };

/** The lines of the report, or none when the environment is accepted. */
export function faultsOf(environment: Environment, read: (given: Environment) => Config = parseConfig): string[] {
  try {
    read(environment);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
}
