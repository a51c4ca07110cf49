/** Several operations on one connection, none waiting for the one before it; and what is no request behind them. */
import { eventually } from '../helpers/eventually';
import { operation } from '../helpers/execute';
import { openConnection, postText, type RawConnection } from '../helpers/raw-connection';
import { startTestApp, type TestApp } from '../helpers/start-app';
import { makeStore, openStore } from '../helpers/stores';
import { acceptedJob } from '../jobs/jobs';

const start = async (environment: Record<string, string>): Promise<TestApp> =>
  startTestApp(environment, undefined, await openStore(await makeStore('embedded')));

const kicking = (app: TestApp, requestId: string) => {
  const { demoUser, demoApp } = app.genauth.directory;
  const variables = { input: { userId: demoUser.userId, appIds: [demoApp.appId] } };
  return postText('/graphql', { query: operation('kick-users'), variables }, requestId);
};
const watching = (id: string, requestId: string) =>
  postText('/graphql/stream', { query: operation('kick-job-progress'), variables: { id } }, requestId);
const longJob = (app: TestApp) =>
  acceptedJob(app, {
    userIds: Array.from({ length: 200 }, (_, index) => `stranger-${index}`),
    appIds: [app.genauth.directory.demoApp.appId],
  });
const ended = (app: TestApp, type: string) =>
  app.logs.filter((line) => line['msg'] === 'operation' && line['type'] === type).map(({ requestId }) => requestId);

describe('a caller who hangs up', () => {
  it('has none of the kicks carried out that still wait for their turn', async () => {
    const app = await start({ GENAUTH_MAX_RPS: '1', GENAUTH_TIMEOUT_MS: '60000' });
    const connection = await openConnection(app.url);
    const names = ['k1', 'k2', 'k3', 'k4', 'k5'];
    for (const name of names) connection.write(kicking(app, name));
    const requested = () => app.logs.filter(({ msg }) => msg === 'kick requested').length;
    await eventually(() => requested() === names.length && app.genauth.receivedCount() >= 1);
    const sent = app.genauth.receivedCount();
    connection.hangUp();
    await eventually(() => ended(app, 'mutation').length === names.length);
    // Another one may have gone while the end of the connection was on its way.
    expect(app.genauth.receivedCount()).toBeLessThanOrEqual(sent + 1);
  });

  it('has none of the streams go on', async () => {
    const app = await start({ GENAUTH_MAX_RPS: '1' });
    const id = await longJob(app);
    const connection = await openConnection(app.url);
    const names = ['s1', 's2', 's3'];
    for (const name of names) connection.write(watching(id, name));
    await eventually(() => connection.text().includes('event: next'));
    connection.hangUp();
    await eventually(() => ended(app, 'subscription').length === names.length);
    expect(ended(app, 'subscription').toSorted()).toEqual(names);
  });

  it('while the stream is let in is no fault of ours', async () => {
    const store = await openStore(await makeStore('embedded'));
    let hold: Promise<unknown> | null = null;
    let held = 0;
    const query: typeof store.query = async (sql, parameters, name) => {
      if (hold !== null && /from kick_jobs/.test(sql)) {
        held++;
        await hold;
      }
      return store.query(sql, parameters, name);
    };
    const app = await startTestApp({ GENAUTH_MAX_RPS: '1' }, undefined, { ...store, query });
    const id = await longJob(app);
    let resolve = (): void => undefined;
    hold = new Promise<void>((resolveIt) => (resolve = resolveIt));
    const connection = await openConnection(app.url);
    connection.write(watching(id, 's1'));
    const before = held;
    await eventually(() => held > before);
    connection.hangUp();
    // Answered on another connection later than the end of that one was read.
    await fetch(`${app.url}/healthz`);
    hold = null;
    resolve();
    await eventually(() => ended(app, 'subscription').length === 1);
    expect(app.logs.filter(({ level }) => Number(level) >= 50)).toEqual([]);
  });
});

describe('what is no request', () => {
  const expectKickThenRefusal = async (connection: RawConnection): Promise<void> => {
    await connection.ended;
    const answers = connection.text().split(/(?=HTTP\/1\.1 )/);
    expect(answers).toHaveLength(2);
    expect(answers[0]).toMatch(/^HTTP\/1\.1 200 .*KickUsersSuccess/s);
    expect(answers[1]).toMatch(/^HTTP\/1\.1 400 /);
  };

  it.each([
    ['garbage', 'canary\r\n\r\n', 400, 'BAD_REQUEST'],
    ['headers without end', `GET / HTTP/1.1\r\nx-canary: ${'x'.repeat(20_000)}`, 431, 'HEADERS_TOO_LARGE'],
  ])('%s is refused in the form of all refusals', async (_name, text, status, code) => {
    const app = await startTestApp();
    const connection = await openConnection(app.url);
    connection.write(text);
    await connection.ended;
    const [head = '', body = ''] = connection.text().split('\r\n\r\n');
    const requestId = /^x-request-id: (.*)$/m.exec(head)?.[1]?.trim();
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(JSON.parse(body)).toEqual({ errors: [{ message: expect.any(String), extensions: { code, requestId } }] });
    expect(body).not.toContain('canary');
    expect(app.logs).toContainEqual(expect.objectContaining({ level: 20, requestId, msg: 'what came is no request' }));
  });

  it('waits for the answer of the kick before it', async () => {
    const app = await start({});
    app.genauth.faults.next({ kind: 'delay', ms: 300 });
    const connection = await openConnection(app.url);
    connection.write(kicking(app, 'k1'));
    await eventually(() => app.genauth.receivedCount() === 1);
    connection.write('garbage\r\n\r\n');
    await expectKickThenRefusal(connection);
  });

  it('waits for the answer of an operation that came with it, in one piece', async () => {
    const app = await start({});
    const connection = await openConnection(app.url);
    connection.write(`${kicking(app, 'k1')}}`);
    await expectKickThenRefusal(connection);
  });

  it('in the middle of a body is told at once', async () => {
    const app = await start({});
    const connection = await openConnection(app.url);
    const headers = 'host: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked';
    connection.write(`POST /graphql HTTP/1.1\r\n${headers}\r\n\r\n5\r\n{"que\r\nno number\r\n`);
    await connection.ended;
    expect(connection.text()).toMatch(/^HTTP\/1\.1 400 /);
    expect(app.genauth.receivedCount()).toBe(0);
  });

  it('is never in the middle of a stream, which goes on', async () => {
    const app = await start({ GENAUTH_MAX_RPS: '2' });
    const connection = await openConnection(app.url);
    connection.write(watching(await longJob(app), 's1'));
    const events = () => connection.text().split('event: next').length - 1;
    await eventually(() => events() >= 1);
    connection.write('garbage\r\n\r\n');
    const seen = events();
    await eventually(() => events() > seen);
    expect(connection.text().match(/HTTP\/1\.1/g)).toHaveLength(1);
    connection.hangUp();
    await eventually(() => ended(app, 'subscription').length === 1);
  });
});
