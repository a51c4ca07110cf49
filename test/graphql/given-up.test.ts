/** What goes wrong around an operation, not in it: nobody has planned it, so it is told, logged and counted all the same. */
import path from 'node:path';
import { createApp } from '../../src/app';
import { parseConfig } from '../../src/config';
import { KnownOperations } from '../../src/graphql/known/known-operations';
import { NO_TRACING } from '../../src/observability/tracing';
import { atEnd } from '../helpers/at-end';
import { openStream } from '../helpers/event-stream';
import { eventually } from '../helpers/eventually';
import { execute } from '../helpers/execute';
import { scrape } from '../helpers/scrape';
import { captureLog, environmentFor, startTestApp, startTestEmulator, type TestApp } from '../helpers/start-app';
import { sharedStore } from '../helpers/stores';

const OPERATIONS = 'kick_gateway_operations_total';
const MASKED = 'Something went wrong on our side; the log knows it by the request id.';
const CANARY = 'canary';

afterEach(() => jest.restoreAllMocks());

const counted = async (app: Pick<TestApp, 'metricsUrl'>, labels: Record<string, string>) =>
  (await scrape(app)).value(OPERATIONS, labels);

describe('a subscription with a condition on its root field', () => {
  const rootOf = (selection: string) => `subscription ($id: ID!, $canary: Boolean!) { ${selection} }`;
  const field = 'kickJobProgress(id: $id) ';
  const documents = [
    ['a variable', rootOf(`${field} @skip(if: $canary) { total }`)],
    ['another directive', rootOf(`${field} @include(if: $canary) { total }`)],
    ['a text', rootOf(`${field} @skip(if: "${CANARY}") { total }`)],
    ['a fragment', rootOf(`... @skip(if: $canary) { ${field} { total } }`)],
    ['a spread', `${rootOf('...A')} fragment A on Subscription { ...B } fragment B on Subscription { ...A ${field} @skip(if: $canary) { total } }`], // prettier-ignore
    ['a query beside it', `query Q { __typename } subscription S { kickJobProgress(id: "x") @skip(if: $s) { total } }`],
  ];
  const told = {
    code: 'GRAPHQL_VALIDATION_FAILED',
    message: 'The directive "@skip" or "@include" must not stand at the root of a subscription.',
  };
  let app: TestApp;
  beforeAll(async () => {
    app = await startTestApp();
  });

  it.each(documents)('is refused by Apollo, logged and counted: %s', async (_name, query) => {
    app.logs.length = 0;
    const before = (await counted(app, { field: 'invalid', outcome: 'refused' })) ?? 0;
    const { status, errors, headers } = await execute(app, query, { id: 'x', canary: true });
    const { message, code } = told;
    const requestId = headers.get('x-request-id');
    expect([status, errors]).toEqual([400, [{ message, extensions: { code, requestId } }]]);
    const line = expect.objectContaining({ msg: 'operation', requestId, httpStatus: 400, errorCodes: [code] });
    await eventually(() => app.logs.some(({ msg }) => msg === 'operation'));
    expect(app.logs).toContainEqual(line);
    expect(app.logs.filter(({ msg }) => msg === 'unexpected error')).toEqual([]);
    expect(await counted(app, { field: 'invalid', outcome: 'refused' })).toBe(before + 1);
  });

  it.each([
    ...documents,
    ['nothing left to ask for', 'subscription { kickJobProgress(id: "x") @skip(if: true) { total } }'],
  ])('is refused as a stream: %s', async (_name, query) => {
    const stream = await openStream(app, { query, variables: { id: 'x', canary: true } });
    await stream.ended;
    const { message, code } = told;
    const requestId = stream.headers['x-request-id'];
    expect([stream.status, JSON.parse(stream.text())]).toEqual([400, { errors: [{ message, extensions: { code, requestId } }] }]); // prettier-ignore
  });

  it('is not in the list, where there is one', async () => {
    const file = path.join(__dirname, '..', 'generated', 'persisted-documents.json');
    const listing = await startTestApp({ PERSISTED_OPERATIONS: 'enforce', PERSISTED_OPERATIONS_FILE: file });
    const { status, errors } = await execute(listing, documents[0]![1]!, { id: 'x', canary: true });
    expect([status, errors?.[0]?.extensions['code']]).toEqual([400, 'PERSISTED_QUERY_NOT_IN_LIST']);
  });
});

describe('fragments that spread each other in rings', () => {
  /** More than graphql-js has stack for. */
  const rings = (root: string, size = 60): string =>
    [
      root,
      ...Array.from(
        { length: size },
        (_, i) => `fragment f${i} on __Type { ofType { ...f${(i + 1) % size} ...f${(i + 2) % size} } }`,
      ),
    ].join(' ');
  const query = rings('{ __type(name: "a") { ...f0 } }');

  it('are refused by Apollo, logged and counted', async () => {
    const app = await startTestApp();
    const { status, errors, headers } = await execute(app, query);
    const requestId = headers.get('x-request-id');
    const message = expect.stringMatching(/^Cannot spread fragment "f0" within itself/);
    expect([status, errors]).toEqual([
      400,
      [{ message, extensions: { code: 'GRAPHQL_VALIDATION_FAILED', requestId } }],
    ]);
    await eventually(() => app.logs.some(({ msg }) => msg === 'operation'));
    expect(app.logs.filter(({ msg }) => msg === 'unexpected error')).toEqual([]);
    expect(await counted(app, { field: 'invalid', outcome: 'refused' })).toBe(1);
  });

  it('are refused as a stream', async () => {
    const app = await startTestApp();
    const stream = await openStream(app, {
      query: rings('subscription S { kickJobProgress(id: "x") { total } } query Q { __type(name: "a") { ...f0 } }'),
    });
    await stream.ended;
    const { errors } = JSON.parse(stream.text());
    expect([stream.status, errors[0].extensions.code]).toEqual([400, 'GRAPHQL_VALIDATION_FAILED']);
  });

  it('are not in the list, where there is one', async () => {
    const file = path.join(__dirname, '..', 'generated', 'persisted-documents.json');
    const listing = await startTestApp({ PERSISTED_OPERATIONS: 'enforce', PERSISTED_OPERATIONS_FILE: file });
    const { status, errors } = await execute(listing, query);
    expect([status, errors?.[0]?.extensions['code']]).toEqual([400, 'PERSISTED_QUERY_NOT_IN_LIST']);
  });
});

describe('a bug', () => {
  it('in one of the hooks is masked, logged and counted', async () => {
    const app = await startTestApp();
    jest.spyOn(KnownOperations.prototype, 'note').mockImplementationOnce(() => {
      throw new Error('a bug in a hook');
    });
    const { status, errors, headers } = await execute(app, '{ viewer { subject } }');
    const requestId = headers.get('x-request-id');
    expect([status, errors]).toEqual([500, [{ message: MASKED, extensions: { code: 'INTERNAL_SERVER_ERROR', requestId } }]]); // prettier-ignore
    const lines = await eventually(() => app.logs.filter(({ msg }) => msg === 'unexpected error'), ({ length }) => length > 0); // prettier-ignore
    expect(lines).toEqual([expect.objectContaining({ level: 50, requestId, err: expect.objectContaining({ message: 'a bug in a hook' }) })]); // prettier-ignore
    expect(await counted(app, { outcome: 'failed' })).toBe(1);
  });

  it('before an operation is known is masked, logged and counted', async () => {
    const traceparent = () => {
      throw new Error('a bug before the operation');
    };
    const { log, logs } = captureLog();
    const config = parseConfig(environmentFor(await startTestEmulator()));
    const database = await sharedStore();
    const app = await createApp(config, log, { database, tracing: { ...NO_TRACING, traceparent } });
    atEnd(() => app.stop());
    const { status, errors, headers } = await execute(app, '{ viewer { subject } }');
    const requestId = headers.get('x-request-id');
    expect([status, errors]).toEqual([500, [{ message: MASKED, extensions: { code: 'INTERNAL_SERVER_ERROR', requestId } }]]); // prettier-ignore
    const lines = await eventually(() => logs.filter(({ msg }) => msg === 'unexpected error'), ({ length }) => length > 0); // prettier-ignore
    expect(lines).toEqual([expect.objectContaining({ level: 50, requestId, err: expect.objectContaining({ message: 'a bug before the operation' }) })]); // prettier-ignore
    expect(await counted(app, { outcome: 'failed' })).toBe(1);
  });
});
