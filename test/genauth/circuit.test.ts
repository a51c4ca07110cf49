/** The circuit to GenAuth: opened by an outage, tried by one probe at a time. The clock is performance.now, and stands still. */
import type { Fault } from '../../src/emulator/fault';
import { eventually } from '../helpers/eventually';
import { kick } from '../helpers/execute';
import { kickToBeDropped } from '../helpers/hang-up';
import { scrape } from '../helpers/scrape';
import { startSilentGenAuth } from '../helpers/silent-genauth';
import { startTestApp, type TestApp } from '../helpers/start-app';
import { failure, success } from '../kick/payloads';

const KICK_USERS = '/api/v3/kick-users';
const REFUSED = 'GenAuth has been failing, so the gateway has stopped calling it for some seconds; nothing was sent.';
const OUTAGE = 'GenAuth answered HTTP 503 without its documented envelope.';

/** With this, a mutation makes one attempt. */
const DOWN_FOR_LONG: Fault = { kind: 'status', status: 503, headers: { 'retry-after': '60' } };
const DOWN: Fault = { kind: 'status', status: 503 };

let nowMs: number;
beforeEach(() => {
  nowMs = performance.now();
  jest.spyOn(performance, 'now').mockImplementation(() => nowMs);
});
afterEach(() => jest.restoreAllMocks());

const start = (failures = '3') => startTestApp({ GENAUTH_BREAKER_FAILURES: failures });
const kickDemoUser = (app: TestApp) => {
  const { demoUser, demoApp } = app.genauth.directory;
  return kick(app, { userId: demoUser.userId, appIds: [demoApp.appId] });
};
const calls = ({ genauth }: TestApp) => genauth.receivedCount(KICK_USERS);
const states = ({ logs }: TestApp) => logs.flatMap(({ circuit }) => (circuit === undefined ? [] : [circuit]));
const notes = async (app: TestApp) => (await (await fetch(`${app.url}/readyz`)).json()) as unknown;
/** An answer that says GenAuth is there, whatever it thinks of the call. */
const answerOnce = (app: TestApp, fault: Fault | null) => {
  if (fault !== null) app.genauth.faults.next(fault);
};

async function failTimes(app: TestApp, times: number) {
  app.genauth.faults.next(DOWN_FOR_LONG, times);
  for (let i = 0; i < times; i++) expect(await kickDemoUser(app)).toMatchObject({ message: OUTAGE });
}
const refused = (retryAfterSeconds: number, facts: object = {}) =>
  failure('UPSTREAM_UNAVAILABLE', { message: REFUSED, retryable: true, retryAfterSeconds, ...facts });

describe('the circuit opens', () => {
  it('after so many failed attempts in a row, and refuses at once what comes then', async () => {
    const app = await start();
    await failTimes(app, 3);
    expect(await kickDemoUser(app)).toEqual(refused(5));
    expect(await kickDemoUser(app)).toEqual(refused(5));
    expect(calls(app)).toBe(3);
    expect(states(app)).toEqual(['open']);
    expect(await notes(app)).toEqual({ ready: true, reasons: [], notes: ['GENAUTH_CIRCUIT_OPEN'] });
  });

  it('counting attempts, not mutations: the one that meets it may have taken effect', async () => {
    const app = await start('4');
    app.genauth.faults.always(DOWN);
    expect(await kickDemoUser(app)).toMatchObject({ message: OUTAGE, mayHaveTakenEffect: true });
    // Its first attempt is what it tells of: that the next one was not sent takes nothing of it back.
    expect(await kickDemoUser(app)).toEqual(refused(5, { message: OUTAGE, mayHaveTakenEffect: true }));
    expect(await kickDemoUser(app)).toEqual(refused(5));
    expect(calls(app)).toBe(4);
  });

  it.each<[string, Fault]>([
    ['HTTP 5xx', DOWN],
    ['statusCode 5xx', { kind: 'envelope', statusCode: 500 }],
    ['a lost connection', { kind: 'reset' }],
  ])('by %s', async (_, fault) => {
    const app = await start();
    app.genauth.faults.always(fault);
    await kickDemoUser(app);
    expect(await kickDemoUser(app)).toEqual(refused(5));
    expect(calls(app)).toBe(3);
  });

  it('by a time-out', async () => {
    const app = await startTestApp({ GENAUTH_BREAKER_FAILURES: '1', GENAUTH_TIMEOUT_MS: '2000' });
    app.genauth.faults.always({ kind: 'never' });
    expect(await kickDemoUser(app)).toMatchObject({ code: 'UPSTREAM_TIMEOUT' });
    expect(await kickDemoUser(app)).toEqual(refused(5));
  });

  it('by having no connection', async () => {
    const app = await startTestApp({ GENAUTH_BREAKER_FAILURES: '3', GENAUTH_HOST: 'http://127.0.0.1:1' });
    expect(await kickDemoUser(app)).toMatchObject({ message: 'No connection to GenAuth; nothing was sent.' });
    expect(await kickDemoUser(app)).toEqual(refused(5));
  });

  it('and says how long it stays so', async () => {
    const app = await start();
    await failTimes(app, 3);
    const told = [];
    for (const ms of [0, 1, 1000, 2500, 499, 999]) {
      nowMs += ms;
      told.push((await kickDemoUser(app)).retryAfterSeconds);
    }
    expect(told).toEqual([5, 5, 4, 2, 1, 1]);
    expect(calls(app)).toBe(3);
  });
});

describe('the circuit stays closed', () => {
  it.each<[string, Fault | null, string | undefined]>([
    ['a success', null, undefined],
    ['a refusal', { kind: 'envelope', statusCode: 404, apiCode: 2004 }, 'USER_NOT_FOUND'],
    ['a rejection', { kind: 'envelope', statusCode: 400 }, 'REJECTED'],
    ['a refused key', { kind: 'envelope', statusCode: 401 }, 'UPSTREAM_REFUSED_CREDENTIALS'],
    ['HTTP 404', { kind: 'status', status: 404 }, 'UPSTREAM_INVALID_RESPONSE'],
    ['the limit', { kind: 'status', status: 429, headers: { 'retry-after': '9' } }, 'RATE_LIMITED'],
  ])('when %s comes between the failures', async (_, answer, code) => {
    const app = await start();
    for (let round = 0; round < 3; round++) {
      await failTimes(app, 2);
      answerOnce(app, answer);
      expect((await kickDemoUser(app)).code).toBe(code);
    }
    expect(calls(app)).toBe(9);
    expect(states(app)).toEqual([]);
  });

  it('by failures that say nothing about GenAuth', async () => {
    const app = await start();
    app.genauth.faults.always({ kind: 'html' });
    for (let i = 0; i < 5; i++) expect(await kickDemoUser(app)).toMatchObject({ code: 'UPSTREAM_INVALID_RESPONSE' });
    expect(states(app)).toEqual([]);
  });

  it('for ever when it is switched off', async () => {
    const app = await start('0');
    await failTimes(app, 30);
    expect(await kickDemoUser(app)).toEqual(success());
    expect(calls(app)).toBe(31);
  });
});

describe('after 5 seconds', () => {
  it('a probe that fails opens it for another 5', async () => {
    const app = await start();
    await failTimes(app, 3);
    nowMs += 5000;
    app.genauth.faults.next(DOWN_FOR_LONG);
    expect(await kickDemoUser(app)).toMatchObject({ message: OUTAGE, retryAfterSeconds: 60 });
    expect(await kickDemoUser(app)).toEqual(refused(5));
    expect(calls(app)).toBe(4);
    expect(states(app)).toEqual(['open', 'half-open', 'open']);
    nowMs += 5000;
    expect(await kickDemoUser(app)).toEqual(success());
    expect(states(app)).toEqual(['open', 'half-open', 'open', 'half-open', 'closed']);
    expect(await notes(app)).toEqual({ ready: true, reasons: [], notes: [] });
  });

  it('that nobody tries, it is told to be half-open, and soon to say nothing of GenAuth', async () => {
    const app = await start();
    await failTimes(app, 3);
    const told = async () => {
      const { value } = await scrape(app);
      const state = ['open', 'half-open', 'closed'].find((name) =>
        value('kick_gateway_circuit_state', { state: name }),
      );
      return [state, await notes(app)];
    };
    const noted = (...names: string[]) => ({ ready: true, reasons: [], notes: names });
    nowMs += 4999;
    expect(await told()).toEqual(['open', noted('GENAUTH_CIRCUIT_OPEN')]);
    nowMs += 1;
    expect(await told()).toEqual(['half-open', noted('GENAUTH_CIRCUIT_OPEN')]);
    nowMs += 2000;
    expect(await told()).toEqual(['half-open', noted()]);
    expect(states(app)).toEqual(['open']);
    expect(await kickDemoUser(app)).toEqual(success());
    expect(await told()).toEqual(['closed', noted()]);
  });

  it.each<[string, Fault | null, string | undefined]>([
    ['success', null, undefined],
    ['a refusal', { kind: 'envelope', statusCode: 404 }, 'USER_NOT_FOUND'],
  ])('a probe that ends in %s closes it, and the count begins anew', async (_, answer, code) => {
    const app = await start();
    await failTimes(app, 3);
    nowMs += 5000;
    answerOnce(app, answer);
    expect((await kickDemoUser(app)).code).toBe(code);
    expect(states(app)).toEqual(['open', 'half-open', 'closed']);
    await failTimes(app, 2);
    expect(await kickDemoUser(app)).toEqual(success());
    await failTimes(app, 3);
    expect(await kickDemoUser(app)).toEqual(refused(5));
  });
});

describe('a caller who hangs up while there is no connection yet', () => {
  const attempts = ({ logs }: TestApp) => logs.filter(({ msg }) => msg === 'genauth attempt').length;

  /** Until the gateway has given the attempt up. */
  async function hangUp(app: TestApp, genauth: { held: () => number }) {
    const [before, held] = [attempts(app), genauth.held()];
    const goAway = kickToBeDropped(app, { userId: 'u', appIds: ['a'] });
    await eventually(() => genauth.held() > held);
    goAway();
    await eventually(() => attempts(app) > before);
  }

  it('is neither an outage nor the end of a row of failures', async () => {
    const genauth = await startSilentGenAuth();
    const app = await startTestApp({ GENAUTH_BREAKER_FAILURES: '4', GENAUTH_HOST: genauth.url });
    genauth.isRefusing = true;
    expect(await kickDemoUser(app)).toMatchObject({ message: 'No connection to GenAuth; nothing was sent.' });
    genauth.isRefusing = false;
    for (let i = 0; i < 4; i++) await hangUp(app, genauth);
    expect(states(app)).toEqual([]);
    genauth.isRefusing = true;
    expect(await kickDemoUser(app)).toEqual(refused(5));
    expect(states(app)).toEqual(['open']);
  });

  it('leaves the probe to the next one, and the circuit open', async () => {
    const genauth = await startSilentGenAuth();
    const app = await startTestApp({ GENAUTH_BREAKER_FAILURES: '3', GENAUTH_HOST: genauth.url });
    genauth.isRefusing = true;
    await kickDemoUser(app);
    nowMs += 5000;
    genauth.isRefusing = false;
    for (let i = 0; i < 2; i++) await hangUp(app, genauth);
    const abandoned = ['half-open', 'open'];
    expect(states(app)).toEqual(['open', ...abandoned, ...abandoned]);
    genauth.isRefusing = true;
    // It was tried, once, and found to be down still.
    const tried = attempts(app);
    expect(await kickDemoUser(app)).toEqual(refused(5));
    expect(attempts(app)).toBe(tried + 1);
    expect(states(app)).toEqual(['open', ...abandoned, ...abandoned, 'half-open', 'open']);
  });
});
