/** What reads say of the circuit: that GenAuth is away, but not that kicks work again. */
import type { CircuitStateName } from '../../src/genauth/circuit';
import { UserIdType } from '../../src/kick/user-id-type.enum';
import { startTestClient } from '../helpers/start-client';

const CHECK_SESSION = '/api/v3/check-session-status';
const KICK_USERS = '/api/v3/kick-users';

let nowMs: number;
beforeEach(() => {
  nowMs = performance.now();
  jest.spyOn(performance, 'now').mockImplementation(() => nowMs);
});
afterEach(() => jest.restoreAllMocks());

/** `true`: answered; else why not. One attempt each, as GenAuth asks to be tried again much later. */
async function start() {
  const states: CircuitStateName[] = [];
  const options = { breakerFailures: 3, onCircuitChange: (state: CircuitStateName) => void states.push(state) };
  const { genauth, client } = await startTestClient(options);
  const { demoUser, demoApp } = genauth.directory;
  const down = (path: string) =>
    genauth.faults.next({ kind: 'status', status: 503, headers: { 'retry-after': '60' } }, 1, path);
  const told = (call: Promise<unknown>) =>
    call.then(
      () => true,
      ({ message }: Error) => message,
    );
  const command = { userId: demoUser.userId, userIdType: UserIdType.USER_ID, appIds: [demoApp.appId] };
  const kick = () => told(client.kickUser(command, { requestId: 'r' }));
  const read = (userId = demoUser.userId) => told(client.isSessionActive(userId, demoApp.appId, { requestId: 'r' }));
  const failKick = () => (down(KICK_USERS), kick());
  const failRead = () => (down(CHECK_SESSION), read());
  return { genauth, states, kick, read, failKick, failRead };
}

it('reads that fail open it, and one that is answered closes it', async () => {
  const { states, read, failRead } = await start();
  for (let i = 0; i < 3; i++) expect(await failRead()).toContain('HTTP 503');
  expect(await read()).toContain('nothing was sent');
  expect(states).toEqual(['open']);
  nowMs += 5000;
  expect(await read()).toBe(true);
  expect(states).toEqual(['open', 'half-open', 'closed']);
});

it('a read that fails as the probe keeps it open', async () => {
  const { states, read, failRead } = await start();
  for (let i = 0; i < 3; i++) await failRead();
  nowMs += 5000;
  expect(await failRead()).toContain('HTTP 503');
  expect(await read()).toContain('nothing was sent');
  expect(states).toEqual(['open', 'half-open', 'open']);
});

it.each([
  ['an answer', undefined, true],
  ['a refusal', 'nobody', expect.stringContaining('User')],
])('%s to a read ends a row of failed reads', async (_name, userId, answer) => {
  const { states, read, failRead } = await start();
  for (let i = 0; i < 6; i++) {
    await failRead();
    expect(await read(userId)).toEqual(answer);
  }
  expect(states).toEqual([]);
});

it('kicks that fail open it whatever reads say, and only a kick closes it', async () => {
  const { states, kick, read, failKick } = await start();
  for (let i = 0; i < 3; i++) {
    expect(await read()).toBe(true);
    await failKick();
  }
  expect(states).toEqual(['open']);
  nowMs += 5000;
  expect(await read()).toBe(true);
  expect(states).toEqual(['open']);
  expect(await failKick()).toContain('HTTP 503');
  expect(states).toEqual(['open', 'half-open', 'open']);
  nowMs += 5000;
  expect(await kick()).toBe(true);
  expect(states.at(-1)).toBe('closed');
  // And from then on reads count again.
  expect(await read()).toBe(true);
});

it('a kick that fails as the probe leaves it to a kick to close what reads have opened', async () => {
  const { states, kick, read, failKick, failRead } = await start();
  for (let i = 0; i < 3; i++) await failRead();
  nowMs += 5000;
  expect(await failKick()).toContain('HTTP 503');
  nowMs += 5000;
  expect(await read()).toBe(true);
  expect(states).toEqual(['open', 'half-open', 'open']);
  expect(await kick()).toBe(true);
  expect(states).toEqual(['open', 'half-open', 'open', 'half-open', 'closed']);
});
