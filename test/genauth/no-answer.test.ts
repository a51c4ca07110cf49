/** An attempt that has no answer: the log says why, in the words of who could not get one. */
import { kick } from '../helpers/execute';
import { startTestApp, type TestApp } from '../helpers/start-app';

const reasons = ({ logs }: TestApp) => logs.filter(({ msg }) => msg === 'genauth attempt').map(({ reason }) => reason);

it.each([
  ['nobody listens there', 'http://127.0.0.1:1', /^ECONNREFUSED$/],
  ['its name has no address', 'https://genauth.invalid', /^(ENOTFOUND|EAI_AGAIN)$/],
])('as %s', async (_name, host, reason) => {
  const app = await startTestApp({ GENAUTH_HOST: host });
  expect(await kick(app, { userId: 'u', appIds: ['a'] })).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
  expect(reasons(app)).toEqual(new Array(3).fill(expect.stringMatching(reason)));
});

it('as what answers does not speak TLS', async () => {
  const { genauth } = await startTestApp();
  const app = await startTestApp({ GENAUTH_HOST: genauth.url.replace('http:', 'https:') });
  await kick(app, { userId: 'u', appIds: ['a'] });
  expect(reasons(app)).toEqual(new Array(3).fill(expect.stringMatching(/^ERR_SSL_/)));
});

it.each([
  ['the connection was reset', { kind: 'reset' } as const, 'ECONNRESET'],
  ['it was closed', { kind: 'drop' } as const, 'UND_ERR_SOCKET'],
  ['it is an answer that tells of a fault: then there is none', { kind: 'status', status: 503 } as const, undefined],
])('as %s', async (_name, fault, reason) => {
  const app = await startTestApp();
  app.genauth.faults.next(fault, 3);
  await kick(app, { userId: 'u', appIds: ['a'] });
  expect(reasons(app)).toEqual(new Array(3).fill(reason));
});
