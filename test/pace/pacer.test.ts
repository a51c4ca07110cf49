/** The pacer by itself, in simulated time: whatever comes when, and however late its timers are. */
import fc from 'fast-check';
import { limitsOf } from '../../src/pace/limits';
import { Pacer } from '../../src/pace/pacer';
import type { Priority } from '../../src/priority';
import { mostInASecond } from './most-in-a-second';
import { SimulatedClock } from './simulated-clock';

interface Call {
  priority: Priority;
  askedAt: number;
  withinMs: number;
  /** When it was let go or refused. */
  settledAt: number | null;
  refusal: { code?: string; retryAfterSeconds?: number | null } | null;
}

const steady = (perSecond: number) => ({ now: perSecond, soon: perSecond });

/** A pacer in simulated time, and an account of what becomes of each call. */
function simulate(perSecond: number, lateness?: () => number) {
  const clock = new SimulatedClock(lateness);
  const pacer = new Pacer(steady(perSecond), clock);
  const calls: Call[] = [];
  const ask = (priority: Priority, withinMs = Infinity, hangUp?: AbortSignal): Call => {
    const call: Call = { priority, askedAt: clock.now(), withinMs, settledAt: null, refusal: null };
    calls.push(call);
    pacer.acquire(priority, withinMs, hangUp).then(
      () => (call.settledAt = clock.now()),
      (error) => {
        call.settledAt = clock.now();
        call.refusal = error;
      },
    );
    return call;
  };
  const gone = () => calls.filter(({ settledAt, refusal }) => settledAt !== null && refusal === null);
  return { clock, pacer, calls, ask, gone, goneAt: () => gone().map(({ settledAt }) => settledAt ?? NaN) };
}

const priority = fc.constantFrom<Priority>('kick', 'job');
const caps = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 41, max: 1000 }));
const lateness = fc.infiniteStream(fc.oneof({ weight: 9, arbitrary: fc.nat({ max: 3 }) }, fc.nat({ max: 120 })));
/** Calls in bunches, with pauses between. */
const bunches = fc.array(fc.record({ afterMs: fc.nat({ max: 1500 }), calls: fc.nat({ max: 60 }), priority }), {
  maxLength: 12,
});
const RUNS = { numRuns: 60 };

describe('in any one second', () => {
  it('go at most the cap and a tenth, whatever the load, the pauses and the timers', async () => {
    await fc.assert(
      fc.asyncProperty(caps, bunches, lateness, async (cap, load, late) => {
        const { usable, most } = limitsOf(cap);
        expect(usable).toBeLessThanOrEqual(cap);
        expect(usable).toBeGreaterThan(cap * 0.94);
        const { clock, ask, goneAt, calls } = simulate(usable, () => late.next().value ?? 0);
        for (const { afterMs, calls: count, priority } of load) {
          await clock.passUntil(clock.now() + afterMs);
          for (let i = 0; i < count; i++) ask(priority);
        }
        await clock.passUntil(clock.now() + (calls.length / usable) * 1000 + calls.length * 130);
        expect(goneAt()).toHaveLength(calls.length);
        expect(mostInASecond(goneAt())).toBeLessThanOrEqual(most);
      }),
      RUNS,
    );
  });

  it('go no more than the greatest rate allows while rates change', async () => {
    const rates = fc.array(fc.record({ afterMs: fc.nat({ max: 400 }), rate: fc.integer({ min: 1, max: 300 }) }), {
      minLength: 1,
      maxLength: 15,
    });
    await fc.assert(
      fc.asyncProperty(rates, async (changes) => {
        const { clock, pacer, ask, goneAt } = simulate(300);
        for (let i = 0; i < 3000; i++) ask('job');
        for (const { afterMs, rate } of changes) {
          await clock.passUntil(clock.now() + afterMs);
          pacer.setRate(steady(rate));
        }
        expect(mostInASecond(goneAt())).toBeLessThanOrEqual(300 * 1.05 + 1);
      }),
      RUNS,
    );
  });

  it('go no more after a pause than before it', async () => {
    const { clock, ask, goneAt } = simulate(100);
    await clock.passUntil(3_600_000);
    for (let i = 0; i < 500; i++) ask('kick');
    await clock.passUntil(clock.now() + 100);
    expect(goneAt().length).toBeLessThanOrEqual(15);
  });
});

describe('nothing is lost', () => {
  it('to timers that are late: many calls take as long as their number and the rate say', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 20, max: 500 }), fc.nat({ max: 35 }), async (rate, lateMs) => {
        const { clock, ask, goneAt } = simulate(rate, () => lateMs);
        const count = rate * 3;
        for (let i = 0; i < count; i++) ask('job');
        await clock.passUntil(10_000);
        const lastAt = Math.max(...goneAt());
        expect(goneAt()).toHaveLength(count);
        expect(lastAt).toBeGreaterThan(2900);
        expect(lastAt).toBeLessThan(3000 + lateMs);
      }),
      RUNS,
    );
  });

  it('to a change of rate: what is owed is owed in calls, not in time', async () => {
    const { clock, pacer, ask, goneAt } = simulate(0.1);
    ask('kick');
    ask('kick');
    await clock.passUntil(1000);
    pacer.setRate(steady(100));
    await clock.passUntil(1100);
    expect(goneAt()).toEqual([0, expect.closeTo(1009, 0)]);
  });
});

describe('single kicks', () => {
  it('go before jobs, each in the order in which they came', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(priority, { minLength: 1, maxLength: 50 }), async (order) => {
        const { clock, ask, gone, calls } = simulate(10);
        ask('job');
        for (const priority of order) ask(priority);
        await clock.passUntil(10_000);
        const waited = calls.slice(1);
        const [kicks, jobs] = (['kick', 'job'] as const).map((one) => waited.filter((call) => call.priority === one));
        const expected = [calls[0], ...kicks!, ...jobs!];
        const seen = gone().sort((a, b) => (a.settledAt ?? 0) - (b.settledAt ?? 0));
        expect(seen.map((call) => calls.indexOf(call))).toEqual(expected.map((call) => calls.indexOf(call!)));
      }),
      RUNS,
    );
  });

  it('are refused at once when their turn would come too late, and told how long to wait', async () => {
    const { clock, ask } = simulate(10);
    const calls = Array.from({ length: 30 }, () => ask('kick', 1000));
    await clock.passUntil(0);
    const refused = calls.filter(({ refusal }) => refusal !== null);
    expect(refused).toHaveLength(19);
    expect(refused[0]).toMatchObject({ settledAt: 0, refusal: { code: 'RATE_LIMITED', retryAfterSeconds: 1 } });
    await clock.passUntil(1000);
    expect(calls.every(({ settledAt }) => settledAt !== null)).toBe(true);
  });

  it('are foretold their turn by the rate that can be counted on', async () => {
    const { clock, pacer, ask } = simulate(100);
    pacer.setRate({ now: 0.1, soon: 100 });
    const calls = [ask('kick'), ask('kick', 1000)];
    await clock.passUntil(500);
    pacer.setRate(steady(100));
    await clock.passUntil(510);
    expect(calls).toMatchObject([{ settledAt: 0 }, { settledAt: expect.closeTo(509, 0), refusal: null }]);
  });

  it('are told when a lower rate makes them too late after all, and none goes after its time', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 2000 }), fc.integer({ min: 1, max: 100 }), lateness, async (atMs, rate, late) => {
        const { clock, pacer, ask, calls } = simulate(100, () => late.next().value ?? 0);
        for (let i = 0; i < 200; i++) ask('kick', 1900);
        await clock.passUntil(atMs);
        pacer.setRate(steady(rate));
        await clock.passUntil(10_000);
        for (const { askedAt, settledAt, withinMs, refusal } of calls) {
          expect(settledAt).not.toBeNull();
          if (refusal === null) expect(settledAt).toBeLessThanOrEqual(askedAt + withinMs);
          else expect(refusal.code).toBe('RATE_LIMITED');
        }
      }),
      RUNS,
    );
  });
});

describe('a caller who hangs up', () => {
  it('loses the turn to those behind', async () => {
    const { clock, pacer, ask } = simulate(10);
    const hangUp = new AbortController();
    const calls = [ask('kick'), ask('kick', Infinity, hangUp.signal), ask('kick')];
    expect(pacer.waiting).toEqual({ kick: 2, job: 0 });
    hangUp.abort();
    await clock.passUntil(110);
    expect(calls.map(({ settledAt }) => settledAt)).toEqual([0, 0, 90]);
    expect(calls[1]?.refusal).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', mayHaveTakenEffect: false });
  });

  it('before asking gets none', async () => {
    const { clock, pacer, ask } = simulate(10);
    const call = ask('kick', Infinity, AbortSignal.abort());
    await clock.passUntil(0);
    expect(call.refusal).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
    expect(pacer.granted).toEqual({ kick: 0, job: 0 });
  });
});
