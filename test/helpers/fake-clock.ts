/** Clocks that stand still until a test moves them. Everything else of time stays real: sockets go on working. */
const ALL = ['Date', 'hrtime', 'nextTick', 'performance', 'queueMicrotask', 'setImmediate', 'clearImmediate', 'setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'] as const; // prettier-ignore

type Clock = (typeof ALL)[number];

/** Fakes these only, from now to the end of the test (call jest.useRealTimers in afterEach). */
export const fakeOnly = (...clocks: Clock[]) =>
  jest.useFakeTimers({ doNotFake: ALL.filter((name) => !clocks.includes(name)) });
