/** A write that waits for its database: not for ever, and for nothing else. */
import { untilBack } from '../../src/store/until-back';

const AWAY = new Error('Connection terminated unexpectedly');

afterEach(() => jest.restoreAllMocks());

/** Fails so often, then stands. */
function write(failures: number, error: Error = AWAY) {
  let tries = 0;
  const work = async (): Promise<string> => {
    if (++tries <= failures) throw error;
    return 'done';
  };
  return { work, tries: () => tries };
}

it('is done again until it stands', async () => {
  const { work, tries } = write(3);
  expect(await untilBack(work, () => false)).toBe('done');
  expect(tries()).toBe(4);
});

it.each([
  ['by somebody who may not wait', AWAY, true],
  ['for a bug', Object.assign(new Error('syntax'), { code: '42601' }), false],
])('is not done again %s', async (_why, error, isOver) => {
  const { work, tries } = write(Infinity, error);
  await expect(untilBack(work, () => isOver)).rejects.toBe(error);
  expect(tries()).toBe(1);
});

it('is given up after a minute, and not before', async () => {
  let nowMs = 0;
  jest.spyOn(performance, 'now').mockImplementation(() => nowMs);
  const { work, tries } = write(Infinity);
  // The second try is at 59 s, the third after a minute.
  const later = (): Promise<string> => {
    nowMs = [0, 59_000, 60_001][tries()] ?? nowMs;
    return work();
  };
  await expect(untilBack(later, () => false)).rejects.toBe(AWAY);
  expect(tries()).toBe(3);
});
