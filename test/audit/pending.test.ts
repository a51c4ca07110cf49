/** For which records there is room while none can be written: refusals and everything else have a room each. */
import { AuditAction } from '../../src/audit/audit-action.enum';
import type { RecordedAction } from '../../src/audit/audit-action.enum';
import { hasRoomFor, isRefusal, pendingOf, type Pending } from '../../src/audit/pending';

const pending = (action: RecordedAction): Pending =>
  pendingOf({ id: '00000000-0000-4000-8000-000000000001', action, actor: 'alice', issuer: 'i', requestId: 'r' }, null);

const REFUSALS: readonly string[] = ['FORBIDDEN', 'RATE_LIMITED'];
const ACTIONS = Object.values(AuditAction).filter((action) => action !== 'OTHER');

it.each(ACTIONS.map((action) => [action, REFUSALS.includes(action)] as const))(
  'whether %s is a refusal: %s',
  (action, expected) => {
    expect(isRefusal(pending(action))).toBe(expected);
  },
);

it.each([
  // Action, all that wait, refusals among them, whether there is room.
  ['KICK_SUCCEEDED', 0, 0, true],
  ['KICK_SUCCEEDED', 9999, 0, true],
  ['KICK_SUCCEEDED', 10_000, 0, false],
  ['KICK_SUCCEEDED', 10_999, 1000, true],
  ['KICK_SUCCEEDED', 11_000, 1000, false],
  ['JOB_FINISHED', 10_000, 1, true],
  ['FORBIDDEN', 999, 999, true],
  ['FORBIDDEN', 1000, 1000, false],
  ['FORBIDDEN', 10_999, 999, true],
  ['RATE_LIMITED', 999, 999, true],
  ['RATE_LIMITED', 1000, 1000, false],
  ['RATE_LIMITED', 10_000, 0, true],
] as const)('a %s behind %i that wait, of them %i refusals, has room: %s', (action, waiting, refusals, expected) => {
  expect(hasRoomFor(pending(action), waiting, refusals)).toBe(expected);
});
