/**
 * Every metric of the gateway, with its help text. Labels come from closed sets only: codes, states, our own routes and
 * fields of the schema; never an id, and never a text that a caller or GenAuth has chosen.
 */
import type { KeysState } from '../auth/signing-keys';
import type { RecordedCode } from '../hang-up';
import type { PaceStatus } from '../pace/pace';

/** What all names begin with. */
export const PREFIX = 'kick_gateway_';

/** Up to the default of GENAUTH_TIMEOUT_MS, and one above it. Seconds. */
export const DURATIONS_S = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20];

export type KickOrigin = 'single' | 'job';
/** HUNG_UP: its caller had gone before it was sent. UNEXPECTED: a bug of ours. */
export type KickCallOutcome = 'SUCCESS' | RecordedCode | 'UNEXPECTED';
/** `failed`: a bug of ours, masked. Failures that a payload tells are `ok`; they count as kicks. */
export type OperationOutcome = 'ok' | 'refused' | 'failed';
export type RefusalCode = 'RATE_LIMITED' | 'FORBIDDEN' | 'UNAUTHENTICATED';

/**
 * Why the trail will never have a record: too many wait for the database; it refuses what is in this one; the process has
 * ended; or, with `AUDIT_REQUIRED=false`, the kick went ahead without it.
 */
export const LOSSES = ['no_room', 'refused', 'ended', 'not_required'] as const;
export type Loss = (typeof LOSSES)[number];

/** What the gauges show, asked when they are read. */
export interface Watched {
  circuit: () => 'closed' | 'open' | 'half-open';
  isKeyRefused: () => boolean;
  /** Null: callers need no token. */
  authKeys: () => KeysState | null;
  pace: () => PaceStatus;
  /** Records not written yet. */
  audit: () => { waiting: number; lagMs: number };
  database: () => { open: number; idle: number; waiting: number };
  isDatabaseUp: () => Promise<boolean | null>;
  /** Unfinished jobs and their pending users, by state of the job; null: the database can't tell. */
  jobs: () => Promise<readonly { state: string; jobs: number; pending: number }[] | null>;
}

/** Values by label; a label that is not among them is not shown. */
type Values = Readonly<Record<string, number>>;

export interface GaugeRow {
  help: string;
  /** Over the workers of one gateway: what each has is added up; of what all share, one answer stands for all. */
  aggregator: 'sum' | 'max' | 'min';
  label?: string;
  read: (from: Watched) => number | Values | Promise<number | Values>;
}

interface CounterRow {
  help: string;
  labels: readonly [string, string?];
}

export const COUNTERS = {
  kicks_total: { help: 'Kicks that were tried; those of jobs call by call.', labels: ['origin', 'outcome'] },
  callers_refused_total: {
    help: 'Callers sent away: over their limit, without the scope, without a valid token.',
    labels: ['code'],
  },
  upstream_attempts_total: { help: 'Attempts at calls to GenAuth.', labels: ['path', 'result'] },
  audit_records_lost_total: {
    help: 'Audit records that the trail will never have; the log has them.',
    labels: ['reason'],
  },
  job_outcomes_total: { help: 'Users of jobs whose outcome this gateway has settled.', labels: ['state', 'code'] },
  operations_total: {
    help: 'GraphQL operations at /graphql, by the field of the root type that they ask for.',
    labels: ['field', 'outcome'],
  },
  http_responses_total: { help: 'Answers over HTTP, by route of the gateway.', labels: ['route', 'status'] },
} as const satisfies Record<string, CounterRow>;

export const HISTOGRAMS = {
  kick_duration_seconds: { help: 'One kick, attempts and waiting included.', label: 'origin' },
  upstream_attempt_duration_seconds: { help: 'One attempt at one call to GenAuth.', label: 'path' },
  operation_duration_seconds: { help: 'One GraphQL operation at /graphql.', label: 'field' },
} as const satisfies Record<string, { help: string; label: string }>;

const KEYS_STATES = ['fresh', 'stale', 'unavailable'] as const satisfies KeysState[];
const CIRCUIT_STATES = ['closed', 'open', 'half-open'] as const;
const byState = (jobs: Awaited<ReturnType<Watched['jobs']>>, count: 'jobs' | 'pending'): Values =>
  Object.fromEntries((jobs ?? []).map((row) => [row.state, row[count]]));

/** Which release runs. */
export const BUILD_INFO = { name: `${PREFIX}build_info`, help: 'Always 1; which release runs.' };

/** Read when they are scraped. Those that the database knows are left out while it can't be asked. */
export const GAUGES: Readonly<Record<string, GaugeRow>> = {
  workers: { help: 'Processes that serve.', aggregator: 'sum', read: () => 1 },
  circuit_state: {
    help: 'Processes whose circuit to GenAuth is in this state.',
    aggregator: 'sum',
    label: 'state',
    read: ({ circuit }) => Object.fromEntries(CIRCUIT_STATES.map((state) => [state, circuit() === state ? 1 : 0])),
  },
  genauth_key_refused: {
    help: '1 while GenAuth refuses our key.',
    aggregator: 'max',
    read: ({ isKeyRefused }) => (isKeyRefused() ? 1 : 0),
  },
  auth_keys: {
    help: "The state of the issuer's keys: fresh; stale, the issuer can't be asked; unavailable, nobody gets in. Of no gateway without an issuer.",
    aggregator: 'sum',
    label: 'state',
    read: ({ authKeys }) => {
      const known = authKeys();
      return known === null ? {} : Object.fromEntries(KEYS_STATES.map((state) => [state, known === state ? 1 : 0]));
    },
  },
  pace_calls_per_second: {
    help: 'Calls to GenAuth that this gateway may send in a second.',
    aggregator: 'sum',
    read: ({ pace }) => pace().ownPerSecond,
  },
  pace_all_calls_per_second: {
    help: 'Calls to GenAuth that all gateways of the database may send in a second.',
    aggregator: 'min',
    read: ({ pace }) => pace().allPerSecond,
  },
  pace_throttle_factor: {
    help: '1, or less after an HTTP 429 of GenAuth.',
    aggregator: 'min',
    read: ({ pace }) => pace().throttleFactor,
  },
  pace_waiting: {
    help: 'Calls to GenAuth that wait for their turn.',
    aggregator: 'sum',
    label: 'priority',
    read: ({ pace }) => pace().waiting,
  },
  audit_records_waiting: {
    help: 'Audit records that are not written yet.',
    aggregator: 'sum',
    read: ({ audit }) => audit().waiting,
  },
  audit_lag_seconds: {
    help: 'How long the oldest audit record that is not written yet has waited.',
    aggregator: 'max',
    read: ({ audit }) => audit().lagMs / 1000,
  },
  database_connections: {
    help: 'Connections to the database, and callers that wait for one.',
    aggregator: 'sum',
    label: 'state',
    read: ({ database }) => {
      const { open, idle, waiting } = database();
      return { in_use: open - idle, idle, waiting };
    },
  },
  database_up: {
    help: '1 while the database answers and takes writes.',
    aggregator: 'min',
    read: async ({ isDatabaseUp }) => ((await isDatabaseUp()) === true ? 1 : 0),
  },
  jobs: {
    help: 'Unfinished jobs of all gateways, by state.',
    aggregator: 'max',
    label: 'state',
    read: async ({ jobs }) => byState(await jobs(), 'jobs'),
  },
  job_users_pending: {
    help: 'Users in unfinished jobs of all gateways that have no outcome yet, by state of the job.',
    aggregator: 'max',
    label: 'state',
    read: async ({ jobs }) => byState(await jobs(), 'pending'),
  },
};
