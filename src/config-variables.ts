/** The variables of the environment, each with its rule and its default. */
import { z } from 'zod';
import { hasRoomForPath } from './config-environment';
import {
  anyWholeNumber,
  hasNoPassword,
  headerText,
  isExactOrigin,
  isIssuer,
  isNoMisspeltProduction,
  isOneDatabase,
  isOrigin,
  isNoUnsafeUrl,
  ONE_DATABASE,
  portNumber,
  SAFE_URL,
  trueOrFalse,
  url,
  wholeNumber,
  wholeText,
} from './config-rules';
import { isUrl } from './http/loopback';

/** The variables as they are written; `.env.example` names the same ones. */
export const VARIABLES = z.object({
  NODE_ENV: z
    .string()
    .refine(isNoMisspeltProduction, 'must be exactly `production`, or not resemble it')
    .default('development'),
  HOST: z.string().min(1).default('127.0.0.1'),
  PORT: portNumber.default(4000),
  GENAUTH_HOST: url()
    .refine(isNoUnsafeUrl, SAFE_URL)
    .refine(isOrigin, 'must be an origin, without a path, a query or a password')
    .transform((value) => new URL(value).origin)
    .default('https://api.genauth.ai'),
  GENAUTH_ACCESS_KEY_ID: headerText.refine((id) => !id.includes(':'), 'must not contain a colon').optional(),
  GENAUTH_ACCESS_KEY_SECRET: wholeText.optional(),
  GENAUTH_TENANT_ID: headerText.optional(),
  GENAUTH_LANG: z.enum(['en-US', 'zh-CN', 'ja-JP', 'zh-TW'], 'must be en-US, zh-CN, ja-JP or zh-TW').default('en-US'),
  GENAUTH_HEADER_PREFIX: z.enum(['authing', 'genauth'], 'must be authing or genauth').default('authing'),
  GENAUTH_TIMEOUT_MS: wholeNumber(1, 10_000),
  GENAUTH_BREAKER_FAILURES: wholeNumber(0, 20),
  GENAUTH_MAX_RPS: wholeNumber(1, 250),
  DATABASE_URL: z
    .string()
    .refine((value) => /^postgres(ql)?:\/\//.test(value), 'must begin with postgres:// or postgresql://')
    .refine(isOneDatabase, ONE_DATABASE)
    .optional(),
  DATA_DIR: z.string().default('./data'),
  RATE_LIMIT_PER_MINUTE: wholeNumber(1, 600),
  AUDIT_REQUIRED: trueOrFalse(true),
  RETENTION_DAYS: anyWholeNumber(1).optional(),
  AUTH_ISSUER: url('must be an address such as https://example.genauth.ai/oidc')
    .refine(isNoUnsafeUrl, SAFE_URL)
    .refine(isIssuer, 'must be visible ASCII characters without a query, a fragment or a password')
    .optional(),
  AUTH_AUDIENCE: wholeText.optional(),
  AUTH_JWKS_URL: url('must be an address such as https://example.genauth.ai/oidc/.well-known/jwks.json')
    .refine(isNoUnsafeUrl, SAFE_URL)
    .refine(hasNoPassword, 'must not contain a password')
    .optional(),
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
  METRICS_PORT: portNumber.optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: url('must be an address such as http://127.0.0.1:4318')
    .refine((value) => !isUrl(value) || /^https?:/.test(value), 'must begin with http:// or https://')
    .refine(hasNoPassword, 'must not contain a password')
    .refine(hasRoomForPath, 'must not contain spaces, a query or a fragment')
    .optional(),
  WORKERS: wholeNumber(1, 1),
  SHUTDOWN_GRACE_MS: wholeNumber(0, 5000),
  LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], 'must be a pino level such as info')
    .default('info'),
});
export type Variables = z.output<typeof VARIABLES>;
