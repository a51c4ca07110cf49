/** OpenTelemetry: one trace from the caller to GenAuth, nothing personal in it, and nothing of it at all when it is off. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { Emulator } from '../../src/emulator/emulator';
import { atEnd } from '../helpers/at-end';
import { startCollector, type CollectedSpan, type Collector } from '../helpers/collector';
import { makeFolder } from '../helpers/deployment';
import { eventually } from '../helpers/eventually';
import { execute, kick } from '../helpers/execute';
import { startGateway, type GatewayProcess } from '../helpers/gateway-process';
import { ROOT, runProcess } from '../helpers/processes';
import { startTestEmulator } from '../helpers/start-app';
import { makeStore } from '../helpers/stores';
import { LEAK_PATHS, toName } from '../security/leak-paths';

/** Spans leave at once, not in a few seconds. */
const AT_ONCE = { OTEL_BSP_SCHEDULE_DELAY: '50' };

const targetOf = ({ directory }: Emulator) => ({
  userId: directory.demoUser.ids.email,
  appIds: [directory.demoApp.appId],
  options: { userIdType: 'EMAIL' },
});

const startTraced = async (environment: Record<string, string>) => {
  const genauth = await startTestEmulator();
  return { genauth, app: await startGateway(genauth, await makeStore('embedded'), environment) };
};

const newTraceparent = () => {
  const [traceId, spanId] = [randomBytes(16).toString('hex'), randomBytes(8).toString('hex')];
  return { traceId, spanId, traceparent: `00-${traceId}-${spanId}-01` };
};

/** From a span to the one that the trace came in with. */
function ancestorsOf(span: CollectedSpan | undefined, spans: CollectedSpan[]): string[] {
  if (span === undefined) return [];
  const parent = spans.find(({ spanId }) => spanId === span.parentSpanId);
  return [`${span.scope} ${span.name}`, ...(parent === undefined ? [span.parentSpanId] : ancestorsOf(parent, spans))];
}

describe('a caller who traces', () => {
  let collector: Collector;
  let genauth: Emulator;
  let app: GatewayProcess;
  beforeAll(async () => {
    collector = await startCollector();
    ({ genauth, app } = await startTraced({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...AT_ONCE }));
  });

  it('finds GraphQL and the call to GenAuth in the same trace, each below the one before', async () => {
    const { traceId, spanId, traceparent } = newTraceparent();
    await fetch(`${app.url}/readyz`, { headers: { traceparent } });
    const headers = { traceparent, tracestate: 'vendor=canary', baggage: 'user=canary' };
    expect(await kick(app, targetOf(genauth), { headers })).toMatchObject({ __typename: 'KickUsersSuccess' });
    const spans = await eventually(
      () => collector.spans().filter((span) => span.traceId === traceId),
      (found) => found.some(({ scope }) => scope === 'http'),
    );
    // On a busy machine one before it was held up for so long that it was not sent.
    const call = spans.findLast(({ kind }) => kind === 3);
    expect(ancestorsOf(call, spans)).toEqual(['undici POST', 'graphql mutation', 'http POST', spanId]);
    expect(call?.attributes).toMatchObject({
      'url.path': '/api/v3/kick-users',
      'http.response.status_code': 200,
      'server.address': '127.0.0.1',
    });
    const served = spans.filter(({ kind }) => kind === 2);
    expect(served.map(({ attributes }) => attributes)).toEqual([
      expect.objectContaining({ 'http.route': '/graphql', 'http.response.status_code': 200 }),
    ]);

    const [received] = genauth.received.slice(-1);
    expect(received?.headers).toMatchObject({ traceparent: `00-${traceId}-${call?.spanId}-01` });
    expect(received?.headers).not.toHaveProperty('tracestate');
    expect(received?.headers).not.toHaveProperty('baggage');
    expect(received?.signatureValid).toBe(true);
    await eventually(() => app.output.stderr.includes(`"traceId":"${traceId}"`));
  });

  it('finds each attempt', async () => {
    const { traceId, traceparent } = newTraceparent();
    genauth.faults.next({ kind: 'status', status: 503 });
    await kick(app, targetOf(genauth), { headers: { traceparent } });
    const calls = await eventually(
      () => collector.spans().filter((span) => span.traceId === traceId && span.kind === 3),
      ({ length }) => length === 2,
    );
    expect(calls.map(({ attributes }) => attributes['http.response.status_code'])).toEqual([503, 200]);
  });

  it('finds nothing there of what was asked for', async () => {
    const canary = 'canary.person@leak.example';
    for (const leakPath of Object.values(LEAK_PATHS)) {
      const { address = '/graphql', init } = leakPath(canary);
      await fetch(app.url + address, init);
    }
    const input = 'input: { userId: "canary.person@leak.example", appIds: ["a"], options: { userIdType: EMAIL } }';
    const { traceId, traceparent } = newTraceparent();
    const headers = { traceparent, tracestate: `a=${toName(canary)}`, baggage: `a=${canary}` };
    await execute(app, `mutation Canary_person { kickUsers(${input}) { __typename } }`, {}, { headers });
    await eventually(() => collector.spans().some((span) => span.traceId === traceId && span.scope === 'http'));
    const sent = collector.raw();
    expect(collector.spans().length).toBeGreaterThan(Object.keys(LEAK_PATHS).length);
    for (const form of [
      canary,
      toName(canary),
      encodeURIComponent(canary),
      btoa(canary).replace(/=+$/, ''),
      'canary',
    ]) {
      const index = sent.toLowerCase().indexOf(form.toLowerCase());
      expect(index === -1 ? '' : sent.slice(index - 80, index + 80)).toBe('');
    }
    for (const secret of [genauth.accessKeyId, genauth.accessKeySecret, genauth.directory.demoUser.ids.email]) {
      expect(sent).not.toContain(secret);
    }
  });
});

describe('the end', () => {
  it('sends what is left', async () => {
    const collector = await startCollector();
    const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, SHUTDOWN_GRACE_MS: '0' };
    const { genauth, app } = await startTraced(environment);
    await kick(app, targetOf(genauth));
    app.signal('SIGTERM');
    expect(await app.exit).toBe(0);
    expect(new Set(collector.spans().map(({ scope }) => scope))).toEqual(new Set(['http', 'graphql', 'undici']));
  });

  it('does not wait for a collector that is not there, nor does a kick', async () => {
    const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', SHUTDOWN_GRACE_MS: '0' };
    const { genauth, app } = await startTraced(environment);
    expect(await kick(app, targetOf(genauth))).toMatchObject({ __typename: 'KickUsersSuccess' });
    app.signal('SIGTERM');
    expect(await app.exit).toBe(0);
  });

  it('does not wait for one that takes everything and never answers', async () => {
    const collector = createServer().listen(0, '127.0.0.1');
    await once(collector, 'listening');
    atEnd(async () => {
      collector.closeAllConnections();
      await new Promise((resolve) => collector.close(resolve));
    });
    const endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
    const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, SHUTDOWN_GRACE_MS: '0', GENAUTH_TIMEOUT_MS: '1000' };
    const { genauth, app } = await startTraced(environment);
    await kick(app, targetOf(genauth));
    const asked = once(collector, 'request');
    app.signal('SIGTERM');
    const [request] = (await asked) as [IncomingMessage];
    expect(request.url).toBe('/v1/traces');
    // An end that takes too long is cut off, and then it is 1.
    expect(await app.exit).toBe(0);
  });
});

describe('what is loaded', () => {
  /** Tells, when the process ends, how many files of OpenTelemetry's it has loaded; its empty API comes with prom-client. */
  const SPY = `process.on('exit', () => {
    const loaded = Object.keys(require.cache).filter((file) => /@opentelemetry.(?!api.)/.test(file));
    process.stdout.write('files of OpenTelemetry: ' + loaded.length + '\\n');
  });`;

  it.each([
    ['nothing without a collector', undefined, /^files of OpenTelemetry: 0$/m],
    ['OpenTelemetry with one, of the environment', 'environment', /^files of OpenTelemetry: [1-9]/m],
    ['OpenTelemetry with one, of .env', 'file', /^files of OpenTelemetry: [1-9]/m],
  ])('%s', async (_name, where, says) => {
    const folder = makeFolder();
    writeFileSync(path.join(folder, 'spy.cjs'), SPY);
    const setting = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' };
    if (where === 'file') writeFileSync(path.join(folder, '.env'), `OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1\n`);
    const environment = {
      NODE_OPTIONS: `--require ${path.join(folder, 'spy.cjs')}`,
      ...(where === 'environment' && setting),
    };
    const app = await startGateway(await startTestEmulator(), await makeStore('embedded'), environment, {
      cwd: folder,
    });
    app.signal('SIGINT');
    expect(await app.exit).toBe(0);
    expect(app.output.stdout).toMatch(says);
  });
});

it('work for later is a trace of its own, linked to the one that asked for it', async () => {
  const collector = await startCollector();
  const { traceId, spanId, traceparent } = newTraceparent();
  const script = `
    const { startOpenTelemetry } = require(${JSON.stringify(path.join(ROOT, 'dist', 'observability', 'opentelemetry'))});
    const tracing = startOpenTelemetry(${JSON.stringify(collector.url)});
    const work = async () => process.stdout.write(tracing.traceparent() + '\\n');
    tracing.linked('kick job line', ${JSON.stringify(traceparent)}, work)
      .then(() => tracing.linked('kick job line', 'none', () => Promise.reject(new Error('canary'))))
      .catch(({ message }) => process.stdout.write(message + ' ' + tracing.traceparent() + '\\n'))
      .then(() => tracing.stop());`;
  const { stdout } = await runProcess(process.execPath, ['-e', script]);
  const [linked, other] = collector.spans();
  expect(linked).toMatchObject({ name: 'kick job line', parentSpanId: '', links: [{ traceId, spanId }] });
  expect(linked?.traceId).not.toBe(traceId);
  expect(other).toMatchObject({ name: 'kick job line', parentSpanId: '', links: [] });
  expect(stdout).toBe(`00-${linked?.traceId}-${linked?.spanId}-01\ncanary null\n`);
  expect(collector.raw()).not.toContain('canary');
});
