/** The log itself: what is cut out whoever logs it, and who gets it in which form. */
import { startTestIssuer } from '../helpers/issuer';
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
    expect(logs).toMatchObject([
      { [name]: '[redacted]', below: { [name]: '[redacted]', beside: 1 }, msg: 'said' },
      { [name]: '[redacted]', msg: 'said by a child' },
    ]);
    expect(JSON.stringify(logs)).not.toContain('canary');
  });
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
  return child.output.stdout;
};

it('on a terminal it is for people', async () => {
  const output = await startOnTerminal(environmentOf(await makeStore('embedded')));
  expect(output).toMatch(/INFO.*started/);
  expect(output).not.toContain('"msg"');
});

withPostgres('in production', () => {
  it('it is JSON on a terminal too', async () => {
    const issuer = await startTestIssuer('ES256');
    const output = await startOnTerminal({
      ...environmentOf(await makeStore('postgres')),
      ...issuer.environment,
      ...{ NODE_ENV: 'production', METRICS_PORT: '0' },
    });
    expect(output).toMatch(/"msg":"started"/);
    expect(output).not.toMatch(/INFO/);
  });
});
