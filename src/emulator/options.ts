/**
 * What the emulator may be told. The public documents leave a good deal open; each such gap is an option of its own, and its
 * docstring says "assumed" and why the default is what it is. The rest follows the Authing/GenAuth OpenAPI, error-code pages and SDKs.
 */
export interface EmulatorOptions {
  /** The address to listen on. Default: loopback. */
  host: string;
  /** Default 0: any free port. */
  port: number;
  /** The access key id, which is the user pool's id too, as for the pool's own key pair. Default: random per start. */
  accessKeyId: string;
  /** The user pool's secret. Default: random per start. */
  accessKeySecret: string;
  /** The clock, in Unix milliseconds. It rules skew, tokens, the request limit and session times; it does not drive `delay` faults. */
  now: () => number;
  /** A number in [0, 1), for faults with a probability. */
  random: () => number;

  /** Calls answered in any one second; more get HTTP 429. Default 300, the documented figure of a free user pool. 0: no limit. */
  maxRequestsPerSecond: number;
  /** Seconds in a `Retry-After` header beside HTTP 429. Default null: the documents name no such header. */
  retryAfterSeconds: number | null;
  /** Seconds a token of get-management-token lives. Default 7200, as documented. */
  tokenLifetimeSeconds: number;

  /** More users `load-00001@example.com` ..., signed in to every built-in app. Default 0. */
  extraUsers: number;
  /** More apps, nobody but the demo user signed in. Default 0. */
  extraApps: number;
  /** At least this many calls stay in `received`, at most twice as many. Default 10 000. */
  receivedLimit: number;
  /** Longer request bodies get statusCode 413. Bytes; default 1 MiB, assumed. */
  maxBodyBytes: number;

  /** statusCode beside apiCodes 1300 to 1306. Assumed: 401, since all of them say that the caller is not known. */
  signatureStatusCode: number;
  /** statusCode beside apiCode 2020 (no credentials, or a token that is not valid). Assumed: 401, "not logged in". */
  notLoggedInStatusCode: number;
  /** statusCode beside apiCode 2004. Assumed: 404, as Authing's own SDK tests expect for an unknown user of get-user-departments. */
  userNotFoundStatusCode: number;
  /** statusCode beside apiCode 2011. Assumed: 404 like the user's; the older v2 pages pair it with 499. */
  appNotFoundStatusCode: number;
  /** statusCode beside apiCode 2224 (token sent with another user pool's id). Assumed: 404. */
  poolNotFoundStatusCode: number;
  /** apiCode of get-management-token for a wrong key or secret. Assumed: 1300, what the same keys earn as a signature. */
  badKeyApiCode: number;

  /** How far a request's date may be off, either way. Milliseconds; assumed: 5 minutes, as with AWS signatures. */
  skewWindowMs: number;
  /** How long a nonce is remembered at least. Milliseconds; assumed: twice the skew window, so that none can be used twice. */
  nonceRetentionMs: number;
  /** No more nonces than this are kept, the oldest half is forgotten first. Default 1 000 000. */
  maxNonces: number;

  /** kick-users naming an unknown app: refuse all with 2011, or kick from the others. Assumed: refuse, nothing half done. */
  unknownApp: 'reject' | 'skip';
  /** kick-users with both ids unknown: which is reported. Assumed: the user. */
  lookupOrder: 'user-first' | 'app-first';
  /** kick-users naming an app twice. Assumed: accepted, as the OpenAPI has no uniqueItems. */
  duplicateAppIds: 'accept' | 'reject';
  /** kick-users for a user who is signed in to none of the apps. Assumed: success, the end that was asked for is reached. */
  notSignedIn: 'success' | 'success-false';
  /** How a `custom_field` id names its field; documented nowhere. Assumed: `badge:B-00001`, like identity and sync_relation. */
  customFieldFormat: 'key:value' | 'value';
  /** Whether `phone` ids may carry the country code (`+86...`) too. Assumed: yes; the samples have none. */
  phoneWithCountryCode: boolean;
  /** check-session-status for an unknown user or app: refuse, or say `active: false`. Assumed: refuse, as its sister calls do. */
  unknownInSessionCheck: 'reject' | 'inactive';
  /** How long check-session-status still says `active` after a kick. Milliseconds; assumed: 0, session and token end together. */
  sessionEndLagMs: number;
  /** Which family of texts malformed input gets: the older one, in the client's language, or class-validator's, always English. */
  validationMessages: 'localised' | 'class-validator';
  /** Whether successes carry a requestId. Assumed: yes, every sample has one though the text says "on failure". */
  requestIdOnSuccess: boolean;
}

/** Everything but the keys, which are random per start. */
export const DEFAULT_OPTIONS: Readonly<Omit<EmulatorOptions, 'accessKeyId' | 'accessKeySecret'>> = {
  host: '127.0.0.1',
  port: 0,
  now: Date.now,
  random: Math.random,
  maxRequestsPerSecond: 300,
  retryAfterSeconds: null,
  tokenLifetimeSeconds: 7200,
  extraUsers: 0,
  extraApps: 0,
  receivedLimit: 10_000,
  maxBodyBytes: 1024 * 1024,
  signatureStatusCode: 401,
  notLoggedInStatusCode: 401,
  userNotFoundStatusCode: 404,
  appNotFoundStatusCode: 404,
  poolNotFoundStatusCode: 404,
  badKeyApiCode: 1300,
  skewWindowMs: 5 * 60_000,
  nonceRetentionMs: 10 * 60_000,
  maxNonces: 1_000_000,
  unknownApp: 'reject',
  lookupOrder: 'user-first',
  duplicateAppIds: 'accept',
  notSignedIn: 'success',
  customFieldFormat: 'key:value',
  phoneWithCountryCode: true,
  unknownInSessionCheck: 'reject',
  sessionEndLagMs: 0,
  validationMessages: 'localised',
  requestIdOnSuccess: true,
};
