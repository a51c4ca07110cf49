/** What GenAuth's HTTP 429 does to the pace, in simulated time. */
import fc from 'fast-check';
import { Throttle } from '../../src/pace/throttle';

function start() {
  let nowMs = 0;
  const throttle = new Throttle(() => nowMs);
  return { throttle, pass: (ms: number) => (nowMs += ms) };
}

it('halves the pace at once, but not again for the calls that were under way', () => {
  const { throttle, pass } = start();
  expect(throttle.factor).toBe(1);
  for (let i = 0; i < 5; i++) {
    throttle.note();
    pass(150);
  }
  expect(throttle.factor).toBe(0.5);
});

it('halves it each second that GenAuth goes on refusing, down to a tenth', () => {
  const { throttle, pass } = start();
  const factors = [];
  for (let second = 0; second < 5; second++) {
    for (let i = 0; i < 10; i++) {
      throttle.note();
      pass(100);
    }
    factors.push(throttle.factor);
  }
  expect(factors).toEqual([0.5, 0.25, 0.125, 0.1, 0.1]);
});

it('gives a tenth back with each second without a refusal', () => {
  const { throttle, pass } = start();
  throttle.note();
  const factors = [0, 999, 1, 1000, 1000, 1000, 1000, 1000].map((ms) => {
    pass(ms);
    return Number(throttle.factor.toFixed(6));
  });
  expect(factors).toEqual([0.5, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1]);
});

it('takes over what the gateways have agreed on, with its age', () => {
  const { throttle, pass } = start();
  pass(60_000);
  throttle.adopt({ factor: 0.25, sinceHalvedMs: 900, sinceThrottledMs: 500 });
  expect(throttle.factor).toBe(0.25);
  throttle.note();
  expect(throttle.factor).toBe(0.25);
  pass(100);
  throttle.note();
  expect(throttle.factor).toBe(0.125);
  throttle.adopt({ factor: 1, sinceHalvedMs: Infinity, sinceThrottledMs: Infinity });
  expect(throttle.factor).toBe(1);
});

it('takes a refusal of the future, or a factor that is none, for one of now', () => {
  const { throttle, pass } = start();
  throttle.adopt({ factor: 0.5, sinceHalvedMs: -60_000, sinceThrottledMs: -60_000 });
  expect(throttle.factor).toBe(0.5);
  pass(1000);
  expect(throttle.factor).toBe(0.6);
  throttle.adopt({ factor: -5, sinceHalvedMs: 0, sinceThrottledMs: 0 });
  expect(throttle.factor).toBe(0.1);
});

it('stays between a tenth and all of it', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 3000 })), (pauses) => {
      const { throttle, pass } = start();
      return pauses.every((ms) => {
        throttle.note();
        pass(ms);
        return throttle.factor >= 0.1 && throttle.factor <= 1;
      });
    }),
  );
});
