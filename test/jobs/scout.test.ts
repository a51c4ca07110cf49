/** What goes ahead of a line when GenAuth was away: how often, how long it counts, and what if it alone fails. */
import { setImmediate as turn } from 'node:timers/promises';
import { Scout } from '../../src/jobs/scout';

let nowMs = 0;
beforeEach(() => {
  nowMs = 0;
  jest.spyOn(performance, 'now').mockImplementation(() => nowMs);
});
afterEach(() => jest.restoreAllMocks());

function start(look: () => Promise<boolean>) {
  const stayOpen = jest.fn();
  const looking = jest.fn(look);
  const circuit = { stayOpen, isLookedFor: false, openings: 1 };
  return { scout: new Scout(looking, circuit), looking, stayOpen, circuit };
}

it('is asked for by whoever wants to know, one at a time, and its answer counts for a while', async () => {
  const { scout, looking, stayOpen, circuit } = start(async () => true);
  expect([scout.mayLineGo(), scout.mayLineGo(), circuit.isLookedFor]).toEqual([false, false, true]);
  await turn();
  expect([scout.mayLineGo(), circuit.isLookedFor]).toEqual([true, false]);
  expect(looking).toHaveBeenCalledTimes(1);
  expect(stayOpen).not.toHaveBeenCalled();
  nowMs += 10_000;
  expect(scout.mayLineGo()).toBe(false);
  expect(looking).toHaveBeenCalledTimes(2);
});

it.each<[string, () => Promise<boolean>]>([
  ['finds nobody', async () => false],
  ['breaks', () => Promise.reject(new Error('a bug'))],
])('that %s keeps the circuit open, and lets a line go after twelve times', async (_name, look) => {
  const { scout, stayOpen } = start(look);
  for (let times = 1; times < 12; times++) {
    expect(scout.mayLineGo()).toBe(false);
    await turn();
    expect(stayOpen).toHaveBeenCalledTimes(times);
  }
  expect(scout.mayLineGo()).toBe(false);
  await turn();
  expect(stayOpen).toHaveBeenCalledTimes(11);
  expect(scout.mayLineGo()).toBe(true);
  nowMs += 10_000;
  expect(scout.mayLineGo()).toBe(false);
  await turn();
  expect(stayOpen).toHaveBeenCalledTimes(12);
});

it('is asked for again once the line that went was not answered', async () => {
  const { scout, looking, circuit } = start(async () => true);
  expect(scout.mayLineGo()).toBe(false);
  await turn();
  expect(scout.mayLineGo()).toBe(true);
  circuit.openings++;
  expect(scout.mayLineGo()).toBe(false);
  await turn();
  expect([scout.mayLineGo(), looking.mock.calls.length]).toEqual([true, 2]);
});
