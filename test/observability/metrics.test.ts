/** /metrics: what is counted, by what, and where it is served. */
import { createServer, type AddressInfo } from 'node:net';
import { AggregatorRegistry, Registry } from 'prom-client';
import { GenAuthClient } from '../../src/genauth/client';
import type { Fault } from '../../src/emulator/fault';
import { atEnd } from '../helpers/at-end';
import { eventually } from '../helpers/eventually';
import { execute, kick, operation } from '../helpers/execute';
import { startTestIssuer } from '../helpers/issuer';
import { startProduction } from '../helpers/production';
import { scrape } from '../helpers/scrape';
import { startTestApp, type TestApp } from '../helpers/start-app';

const KICKS = 'kick_gateway_kicks_total';
const OPERATIONS = 'kick_gateway_operations_total';
const REFUSED = 'kick_gateway_callers_refused_total';
const UNAVAILABLE: Fault = { kind: 'status', status: 503 };

const kickDemoUser = (app: TestApp, options?: { token: string }) => {
  const { demoUser, demoApp } = app.genauth.directory;
  return kick(app, { userId: demoUser.userId, appIds: [demoApp.appId] }, options);
};

/** Waits for what is counted once the answer has left. */
const eventuallyCounted = (app: TestApp, name: string, labels: Record<string, string>, count: number) =>
  eventually(
    async () => (await scrape(app)).value(name, labels),
    (value) => value === count,
  );

describe('kicks and attempts', () => {
  it.each<[string, Fault[], string, Record<string, number>]>([
    ['a kick that succeeds', [], 'SUCCESS', { SUCCESS: 1 }],
    ['one that needs a second attempt', [UNAVAILABLE], 'SUCCESS', { UPSTREAM_UNAVAILABLE: 1, SUCCESS: 1 }],
    ['one that fails', [UNAVAILABLE, UNAVAILABLE, UNAVAILABLE], 'UPSTREAM_UNAVAILABLE', { UPSTREAM_UNAVAILABLE: 3 }],
    ['one that GenAuth refuses', [{ kind: 'envelope', statusCode: 404, apiCode: 2004 }], 'USER_NOT_FOUND', { USER_NOT_FOUND: 1 }], // prettier-ignore
  ])('%s counts once, and each attempt of it', async (_name, faults, outcome, attempts) => {
    const app = await startTestApp();
    for (const fault of faults) app.genauth.faults.next(fault);
    await kickDemoUser(app);
    const { value } = await scrape(app);
    expect(value(KICKS)).toBe(1);
    expect(value(KICKS, { origin: 'single', outcome })).toBe(1);
    expect(value('kick_gateway_kick_duration_seconds_count', { origin: 'single' })).toBe(1);
    for (const [result, count] of Object.entries(attempts)) {
      const labels = { path: '/api/v3/kick-users', result };
      expect(value('kick_gateway_upstream_attempts_total', labels)).toBe(count);
    }
    const sum = Object.values(attempts).reduce((all, count) => all + count, 0);
    expect(value('kick_gateway_upstream_attempt_duration_seconds_count')).toBe(sum);
  });

  it('count from 0, so that the first failure is an increase', async () => {
    const { value } = await scrape(await startTestApp());
    expect(value(KICKS, { outcome: 'UPSTREAM_TIMEOUT' })).toBe(0);
    expect(value(OPERATIONS, { field: 'kickUsers', outcome: 'failed' })).toBe(0);
  });

  it('tell of the circuit, and of a key that is refused', async () => {
    const app = await startTestApp({ GENAUTH_BREAKER_FAILURES: '2' });
    const statesOf = async () => {
      const { value } = await scrape(app);
      const states = ['closed', 'open', 'half-open'].map((state) => value('kick_gateway_circuit_state', { state }));
      return [states, value('kick_gateway_genauth_key_refused')];
    };
    expect(await statesOf()).toEqual([[1, 0, 0], 0]);
    app.genauth.faults.next({ kind: 'envelope', statusCode: 401, apiCode: 1300 });
    await kickDemoUser(app);
    app.genauth.faults.next(UNAVAILABLE);
    app.genauth.faults.next(UNAVAILABLE);
    await kickDemoUser(app);
    expect(await statesOf()).toEqual([[0, 1, 0], 1]);
  });

  it('tell of the pace, and slow down with it after HTTP 429', async () => {
    const app = await startTestApp({ GENAUTH_MAX_RPS: '100' });
    const before = await scrape(app);
    expect(before.value('kick_gateway_pace_throttle_factor')).toBe(1);
    expect(before.value('kick_gateway_pace_waiting', { priority: 'kick' })).toBe(0);
    app.genauth.faults.next({ kind: 'status', status: 429 });
    await kickDemoUser(app);
    const after = await scrape(app);
    expect(after.value('kick_gateway_pace_throttle_factor')).toBeLessThan(1);
    expect(after.value('kick_gateway_pace_calls_per_second')).toBeLessThan(
      before.value('kick_gateway_pace_calls_per_second') ?? 0,
    );
  });
});

describe('callers and operations', () => {
  it('who is over the limit, has no scope or no token is counted as refused', async () => {
    const issuer = await startTestIssuer('ES256');
    const app = await startTestApp({ ...issuer.environment, RATE_LIMIT_PER_MINUTE: '1' });
    const token = await issuer.issue();
    await kickDemoUser(app, { token });
    expect(await kickDemoUser(app, { token })).toMatchObject({ code: 'RATE_LIMITED' });
    await kickDemoUser(app, { token: await issuer.issue({ scope: 'kicks:read' }) });
    await kickDemoUser(app, { token: 'none' });
    for (const code of ['RATE_LIMITED', 'FORBIDDEN', 'UNAUTHENTICATED'])
      await eventuallyCounted(app, REFUSED, { code }, 1);
    const { value } = await scrape(app);
    expect(value(KICKS)).toBe(1);
    expect(value('kick_gateway_http_responses_total', { route: '/graphql', status: '401' })).toBe(1);
    expect(value('kick_gateway_http_responses_total', { route: '/graphql', status: '403' })).toBe(1);
  });

  it.each([
    ['a kick', operation('kick-users'), { field: 'kickUsers', outcome: 'ok' }],
    ['an alias', 'query Canary { canary: viewer { subject } }', { field: 'viewer', outcome: 'ok' }],
    ['a fragment', '{ ...Canary } fragment Canary on Query { viewer { subject } }', { field: 'viewer', outcome: 'ok' }],
    ['two fields', '{ viewer { subject } kickJobs { pageInfo { hasNextPage } } }', { field: 'several', outcome: 'ok' }],
    ['no field of ours', 'query Canary { canary: __typename }', { field: 'none', outcome: 'ok' }],
    ['a field that is not there', '{ canary }', { field: 'invalid', outcome: 'refused' }],
    ['a text that is no operation', 'canary', { field: 'invalid', outcome: 'refused' }],
    ['variables that are wrong', 'query ($canary: Boolean!) { viewer { subject @skip(if: $canary) } }', { field: 'viewer', outcome: 'refused' }], // prettier-ignore
    ['a page too large', '{ kickJobs(first: 101) { pageInfo { hasNextPage } } }', { field: 'kickJobs', outcome: 'refused' }], // prettier-ignore
  ])('%s is counted by the names of the schema', async (_name, query, labels) => {
    const app = await startTestApp();
    const { demoUser, demoApp } = app.genauth.directory;
    await execute(app, query, { input: { userId: demoUser.userId, appIds: [demoApp.appId] } });
    await eventuallyCounted(app, OPERATIONS, labels, 1);
    const { text, value } = await scrape(app);
    expect(value(OPERATIONS)).toBe(1);
    expect(text).not.toMatch(/canary/i);
  });

  it('a bug of ours is a failed operation and an unexpected kick', async () => {
    const app = await startTestApp();
    jest.spyOn(GenAuthClient.prototype, 'kickUser').mockRejectedValueOnce(new Error('a bug'));
    await kickDemoUser(app);
    await eventuallyCounted(app, OPERATIONS, { field: 'kickUsers', outcome: 'failed' }, 1);
    expect((await scrape(app)).value(KICKS, { outcome: 'UNEXPECTED' })).toBe(1);
  });

  it('an address that is not there is one route, whatever it is', async () => {
    const app = await startTestApp();
    for (const path of ['/canary-1', '/canary/2?canary=3']) await fetch(app.url + path);
    await eventuallyCounted(app, 'kick_gateway_http_responses_total', { route: 'none', status: '404' }, 2);
    expect((await scrape(app)).text).not.toContain('canary');
  });
});

describe('where they are', () => {
  it('beside everything else, in the text format, with those of the process', async () => {
    const app = await startTestApp();
    expect(app.metricsUrl).toBe(`${app.url}/metrics`);
    const response = await fetch(`${app.url}/metrics`);
    expect(response.headers.get('content-type')).toBe(Registry.PROMETHEUS_CONTENT_TYPE);
    const text = await response.text();
    for (const name of ['process_cpu_seconds_total', 'nodejs_eventloop_lag_p99_seconds', 'nodejs_heap_size_used_bytes', 'kick_gateway_build_info']) expect(text).toContain(`\n# TYPE ${name} `); // prettier-ignore
  });

  it('on METRICS_PORT alone in production, without a token', async () => {
    const app = await startProduction();
    const { port } = new URL(app.metricsUrl ?? '');
    expect(port).not.toBe(new URL(app.url).port);
    expect((await scrape(app)).text).toContain(KICKS);
    expect((await fetch(`${app.url}/metrics`)).status).toBe(404);
    for (const path of ['/', '/graphql', '/healthz', '/readyz']) {
      expect((await fetch(new URL(path, app.metricsUrl ?? ''))).status).toBe(404);
    }
    await app.stop();
    await expect(scrape(app)).rejects.toThrow();
  });

  it('nowhere when METRICS_PORT is taken: the gateway does not start, and says why', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    atEnd(() => new Promise<void>((resolve) => other.close(() => resolve())));
    const { port } = other.address() as AddressInfo;
    await expect(startTestApp({ METRICS_PORT: String(port) })).rejects.toThrow(
      'METRICS_PORT is taken by another process; set another one, or 0 for a free one',
    );
  });

  it('each gateway of a process has its own, and they add up to those of one', async () => {
    const [one, other] = [await startTestApp(), await startTestApp()];
    await kickDemoUser(one);
    await kickDemoUser(other);
    await kickDemoUser(other);
    expect((await scrape(one)).value(KICKS)).toBe(1);
    expect((await scrape(other)).value(KICKS)).toBe(2);
    // As workers send them to the process that answers for all.
    const parts = [await one.metrics.json(), await other.metrics.json()];
    const all = AggregatorRegistry.aggregate(JSON.parse(JSON.stringify(parts)));
    const text = await all.metrics();
    expect(text).toContain(`${KICKS}{origin="single",outcome="SUCCESS"} 3\n`);
    expect(text).toContain('kick_gateway_circuit_state{state="closed"} 2\n');
    expect(text).toContain('kick_gateway_database_up 1\n');
    expect(text).toContain('kick_gateway_workers 2\n');
  });
});
