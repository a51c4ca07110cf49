/** A call that may not be sent later than a certain time: its second attempt counts, and so does the wait for its turn. */
import { AppError, ErrorCode } from '../../src/errors';
import type { Pacing } from '../../src/genauth/permit';
import { UserIdType } from '../../src/kick/user-id-type.enum';
import { startTestClient } from '../helpers/start-client';

afterEach(() => jest.restoreAllMocks());

async function start() {
  let nowMs = performance.now();
  jest.spyOn(performance, 'now').mockImplementation(() => nowMs);
  const lateTurns = new Set<number>();
  let turns = 0;
  const acquire: Pacing['acquire'] = async () => {
    if (lateTurns.has(++turns)) nowMs += 3000;
  };
  const { genauth, client } = await startTestClient({ pace: { acquire } });
  const { demoUser, demoApp } = genauth.directory;
  const command = { userId: demoUser.userId, userIdType: UserIdType.USER_ID, appIds: [demoApp.appId] };
  const kick = () => client.kickUser(command, { requestId: 'r', priority: 'job', sendBy: nowMs + 2000 });
  return { genauth, kick, lateTurns };
}

it('is not sent when its turn comes too late', async () => {
  const { genauth, kick, lateTurns } = await start();
  lateTurns.add(1);
  await expect(kick()).rejects.toMatchObject({
    code: 'UPSTREAM_UNAVAILABLE',
    message: expect.stringContaining('nothing was sent'),
    mayHaveTakenEffect: false,
  });
  expect(genauth.receivedCount()).toBe(0);
});

it('is not tried again too late, and is told by the attempt that was made', async () => {
  const { genauth, kick, lateTurns } = await start();
  lateTurns.add(2);
  genauth.faults.always({ kind: 'status', status: 503 });
  await expect(kick()).rejects.toMatchObject({
    code: 'UPSTREAM_UNAVAILABLE',
    message: expect.stringContaining('HTTP 503'),
    mayHaveTakenEffect: true,
  });
  expect(genauth.receivedCount()).toBe(1);
});

it('is sent in time, as any other', async () => {
  const { genauth, kick } = await start();
  await expect(kick()).resolves.toMatchObject({ statusCode: 200 });
  expect(genauth.receivedCount()).toBe(1);
});

it('is not sent when its second turn, as its mark took long, comes too late: it waits no longer than that', async () => {
  const nowMs = performance.now();
  const withins: number[] = [];
  // As the pacer does it: whoever would be too late is refused.
  const acquire: Pacing['acquire'] = async (_, withinMs) => {
    if (withins.push(withinMs) > 1) throw new AppError(ErrorCode.RATE_LIMITED, 'More calls wait than GenAuth takes.');
  };
  const { genauth, client } = await startTestClient({ timeoutMs: 8000, pace: { acquire } });
  const { demoUser, demoApp } = genauth.directory;
  const command = { userId: demoUser.userId, userIdType: UserIdType.USER_ID, appIds: [demoApp.appId] };
  const now = jest.spyOn(performance, 'now').mockReturnValue(nowMs);
  const beforeSend = async () => void now.mockReturnValue(nowMs + 3000);
  await expect(client.kickUser(command, { requestId: 'r', priority: 'job', beforeSend })).rejects.toMatchObject({
    code: 'UPSTREAM_UNAVAILABLE',
    message: expect.stringContaining('nothing was sent'),
    mayHaveTakenEffect: false,
  });
  expect(withins).toEqual([Infinity, 5000]);
  expect(genauth.receivedCount()).toBe(0);
});

it('of the time that is left, a tenth is kept for the answer: a turn that comes later is none', async () => {
  const nowMs = Math.ceil(performance.now());
  jest.spyOn(performance, 'now').mockImplementation(() => nowMs);
  const acquire = jest.fn<Promise<void>, Parameters<Pacing['acquire']>>(() => Promise.resolve());
  const { genauth, client } = await startTestClient({ timeoutMs: 8000, pace: { acquire } });
  const { demoUser, demoApp } = genauth.directory;
  await client.isSessionActive(demoUser.userId, demoApp.appId, { requestId: 'r' });
  expect(acquire.mock.calls.map(([, withinMs]) => withinMs)).toEqual([7200]);
});
