/** The log itself: what is cut out whoever logs it, and who gets it in which form. */
import { startTestIssuer } from '../helpers/issuer';
import { eventually } from '../helpers/eventually';
import { environmentOf, START } from '../helpers/gateway-process';
import { makeFolder } from '../helpers/deployment';
import { startProcess } from '../helpers/processes';
import { captureLog, environmentFor, startTestEmulator } from '../helpers/start-app';
import { makeStore, withPostgres } from '../helpers/stores';

const NAMES = ['authorization', 'accessKeyId', 'accessKeySecret', 'secret', 'signature', 'token', 'userId', 'userIds', 'email', 'phone']; // prettier-ignore

describe('whatever is called', () => {
  it.each(NAMES)('%s is cut out, at the top and one level down', (name) => {
    const { logs, log } = captureLog();
    log.info({ [name]: 'canary', below: { [name]: ['canary'], beside: 1 } }, 'said');
    log.child({ [name]: 'canary' }).info('said by a child');
    log.flush();
    expect(logs).toMatchObject([
      { [name]: '[redacted]', below: { [name]: '[redacted]', beside: 1 }, msg: 'said' },
      { [name]: '[redacted]', msg: 'said by a child' },
    ]);
    expect(JSON.stringify(logs)).not.toContain('canary');
  });
});

it('lines are written together, each with its own time and none before another, and all before one that is urgent', async () => {
  const { logs, log } = captureLog();
  log.info('one');
  log.child({ requestId: 'r' }).debug('two');
  expect(logs).toEqual([]);
  log.warn('three');
  expect(logs.map(({ msg }) => msg)).toEqual(['one', 'two', 'three']);
  const asked = Date.now();
  log.info('four');
  while (Date.now() < asked + 20);
  log.info('five');
  await new Promise<void>((resolve) => process.nextTick(resolve));
  expect(logs.map(({ msg }) => msg)).toEqual(['one', 'two', 'three', 'four', 'five']);
  const [four = 0, five = 0] = logs.slice(3).map(({ time }) => Number(time));
  expect(five - four).toBeGreaterThanOrEqual(19);
  expect(logs.every(({ time }) => Math.abs(Number(time) - Date.now()) < 60_000)).toBe(true);
});

it('a log that nobody lets write keeps no more than so many lines waiting', () => {
  const { logs, log } = captureLog();
  for (let line = 0; line < 200; line++) log.info({ line }, 'one of many');
  expect(logs.map(({ line }) => line)).toEqual(Array.from({ length: 200 }, (_, line) => line));
});

it('a line that can not be put into words takes none with it, and fails nobody', () => {
  const { logs, log } = captureLog();
  const unreadable = {
    get fact(): string {
      throw new Error('canary');
    },
  };
  log.info('before');
  log.info(unreadable, 'unreadable');
  log.error('after');
  expect(logs.map(({ msg }) => msg)).toEqual(['before', 'a line of the log could not be put into words', 'after']);
});

it('the last lines before the end of the process are written, whoever ends it', async () => {
  const script = `require('./src/observability/logger').createLogger('info').info('the last'); process.exit(3);`;
  const child = startProcess(process.execPath, ['-r', 'tsx/cjs', '-e', script]);
  expect(await child.exit).toBe(3);
  expect(child.output.stderr).toContain('"msg":"the last"');
});

it('an error is told without what a driver has hung on it', () => {
  const { logs, log } = captureLog();
  const cause = Object.assign(new Error('the cause'), { detail: 'Key (email)=(canary) exists', code: '23505' });
  log.error(
    { err: Object.assign(new Error('the error', { cause }), { params: ['canary'], where: 'canary' }) },
    'failed',
  );
  expect(logs).toMatchObject([
    { err: { type: 'Error', message: 'the error', cause: { message: 'the cause', code: '23505' } } },
  ]);
  expect(JSON.stringify(logs)).not.toContain('canary');
});

/** Runs the gateway with a terminal for its output, by script(1) of util-linux. */
const startOnTerminal = async (environment: Record<string, string>) => {
  const command = `${process.execPath} ${START}`;
  const genauth = await startTestEmulator();
  const env = { ...(environmentFor(genauth) as Record<string, string>), ...environment };
  const child = startProcess('script', ['-qec', command, '/dev/null'], { cwd: makeFolder(), env });
  await child.stdoutMatching(/\bstarted\b/);
  return { output: child.output.stdout, close: () => child.signal('SIGKILL') };
};

const isRunning = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

it('on a terminal it is for people', async () => {
  const { output } = await startOnTerminal(environmentOf(await makeStore('embedded')));
  expect(output).toMatch(/INFO.*started/);
  expect(output).not.toContain('"msg"');
});

withPostgres('in production', () => {
  it('it is JSON on a terminal too', async () => {
    const issuer = await startTestIssuer('ES256');
    const { output, close } = await startOnTerminal({
      ...environmentOf(await makeStore('postgres')),
      ...issuer.environment,
      ...{ NODE_ENV: 'production', METRICS_PORT: '0' },
    });
    expect(output).toMatch(/"msg":"started"/);
    expect(output).not.toMatch(/INFO/);
    // Nothing can be written any more, which must not keep it from ending.
    const pid = Number(/"pid":(\d+)/.exec(output)?.[1]);
    expect(isRunning(pid)).toBe(true);
    close();
    await eventually(
      () => isRunning(pid),
      (is) => !is,
      20_000,
    );
  });

  it('ends though nobody reads its log any more', async () => {
    const issuer = await startTestIssuer('ES256');
    const command = `${process.execPath} ${START} 2> >(head -n 1 >&2)`;
    const env = {
      ...(environmentFor(await startTestEmulator()) as Record<string, string>),
      ...environmentOf(await makeStore('postgres')),
      ...issuer.environment,
      ...{ NODE_ENV: 'production', METRICS_PORT: '0', SHUTDOWN_GRACE_MS: '0' },
    };
    const child = startProcess('bash', ['-c', `exec ${command}`], { cwd: makeFolder(), env });
    await child.stdoutMatching(/GraphQL/);
    await eventually(
      () => child.output.stderr,
      (text) => text.includes('"started"'),
    );
    child.signal('SIGTERM');
    expect(await child.exit).toBe(0);
  });
});
