/** What a new process makes of a call that the one before it sent and never saw answered. Real processes, killed. */
import type { Emulator } from '../../src/emulator/emulator';
import { eventually } from '../helpers/eventually';
import { startGateway } from '../helpers/gateway-process';
import { startTestEmulator } from '../helpers/start-app';
import { describeOnEachStore, makeStore } from '../helpers/stores';
import { acceptedJob, finishedJob, outcomesOf } from './jobs';

const KICK_USERS = '/api/v3/kick-users';
const CHECK_SESSION = '/api/v3/check-session-status';

interface Case {
  /** The call's effect, before the process is killed. */
  isCarriedOut: boolean;
  /** What happens to GenAuth meanwhile. */
  meanwhile?: (genauth: Emulator, userId: string) => void;
  /** Whether the new process begins within twice this of the sending. Milliseconds. */
  timeoutMs: number;
  outcome: Record<string, unknown>;
  kicks: number;
  /** A gateway on PostgreSQL waits for the dead one's chunk longer than a call may be repeated, and longer than a test should. */
  embeddedOnly?: true;
}
/** Started again at once, and still within twice the time-out. */
const SOON = 60_000;
/** Long enough for a busy machine to kill the process before it finds out by itself that there is no answer. */
const LATE = 2000;

const unreadable = (genauth: Emulator) =>
  genauth.faults.always({ kind: 'envelope', statusCode: 500, message: 'broken' }, { path: CHECK_SESSION });

const CASES: [string, Case][] = [
  [
    'the session is gone: KICKED, and not sent again',
    { isCarriedOut: true, timeoutMs: LATE, outcome: { state: 'KICKED', code: null, attempts: 1 }, kicks: 1 },
  ],
  [
    'the user is gone: USER_NOT_FOUND',
    {
      isCarriedOut: false,
      meanwhile: ({ directory }, userId) => directory.removeUser(userId),
      timeoutMs: LATE,
      outcome: { state: 'FAILED', code: 'USER_NOT_FOUND', attempts: 1 },
      kicks: 1,
      embeddedOnly: true,
    },
  ],
  [
    'the session is active, long after: UNKNOWN, and not sent again',
    {
      isCarriedOut: false,
      timeoutMs: LATE,
      outcome: { state: 'UNKNOWN', code: 'UPSTREAM_UNAVAILABLE', attempts: 1 },
      kicks: 1,
    },
  ],
  [
    'nothing can be read, long after: UNKNOWN, and not sent again',
    {
      isCarriedOut: false,
      meanwhile: unreadable,
      timeoutMs: LATE,
      outcome: { state: 'UNKNOWN', code: 'UPSTREAM_UNAVAILABLE', attempts: 1 },
      kicks: 1,
      embeddedOnly: true,
    },
  ],
  [
    'the session is active, soon after: sent once more',
    {
      isCarriedOut: false,
      timeoutMs: SOON,
      outcome: { state: 'KICKED', attempts: 2 },
      kicks: 2,
      embeddedOnly: true,
    },
  ],
  [
    'nothing can be read, soon after: sent once more',
    {
      isCarriedOut: false,
      meanwhile: unreadable,
      timeoutMs: SOON,
      outcome: { state: 'KICKED', attempts: 2 },
      kicks: 2,
      embeddedOnly: true,
    },
  ],
];

describeOnEachStore('a gateway that is killed with a call in flight', (kind) => {
  const cases = CASES.filter(([, { embeddedOnly }]) => kind === 'embedded' || embeddedOnly === undefined);
  it.each(cases)('%s', async (_name, { isCarriedOut, meanwhile, timeoutMs, outcome, kicks }) => {
    const store = await makeStore(kind);
    const genauth = await startTestEmulator();
    const { demoUser, demoApp } = genauth.directory;
    const environment = { GENAUTH_TIMEOUT_MS: String(timeoutMs), GENAUTH_BREAKER_FAILURES: '0' };
    const first = await startGateway(genauth, store, environment);
    genauth.faults.next({ kind: 'never', afterEffect: isCarriedOut });
    const id = await acceptedJob(first, {
      userIds: [demoUser.ids.email],
      appIds: [demoApp.appId],
      options: { userIdType: 'EMAIL' },
    });
    await eventually(() => genauth.receivedCount(KICK_USERS) === 1);
    const sentAt = performance.now();
    await first.kill();
    if (timeoutMs === LATE) await eventually(() => performance.now() - sentAt > 2 * LATE);
    meanwhile?.(genauth, demoUser.userId);
    const second = await startGateway(genauth, store, environment);
    const job = await finishedJob(second, id);
    expect(job).toMatchObject({ state: 'COMPLETED', progress: { total: 1, pending: 0 } });
    expect(outcomesOf(job)).toMatchObject([outcome]);
    expect(genauth.receivedCount(KICK_USERS)).toBe(kicks);
  });
});
