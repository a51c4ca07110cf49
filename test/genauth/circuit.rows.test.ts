/** Answers of one turn of the event loop go on together: what the circuit makes of them must not depend on that. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { AppError, ErrorCode, UntriedError } from '../../src/errors';
import { Circuit, type CircuitStateName } from '../../src/genauth/circuit';

const outage = () => new AppError(ErrorCode.UPSTREAM_UNAVAILABLE, 'GenAuth answered 503.');
const refusal = () => new AppError(ErrorCode.REJECTED, 'GenAuth said no.');

/** F: fails, S: succeeds, R: is refused by a GenAuth that is there. */
type Row = string;

/** Calls that all began while the circuit was closed, and end in this order at once. */
async function endTogether(circuit: Circuit, row: Row): Promise<void> {
  const ends: (() => void)[] = [];
  const calls = [...row].map((letter) =>
    circuit.run(
      () =>
        new Promise<string>((resolve, reject) => {
          ends.push(() => {
            if (letter === 'S') resolve('yes');
            else reject(letter === 'F' ? outage() : refusal());
          });
        }),
    ),
  );
  for (const end of ends) end();
  await Promise.allSettled(calls);
}

function start(failures: number) {
  const changes: CircuitStateName[] = [];
  return { circuit: new Circuit(failures, (state) => changes.push(state)), changes };
}

it.each(['FSFSFS', 'FFSF', 'FRFRFR', 'FFRFF', 'FFSFFS'])('%s is no row of three', async (row) => {
  const { circuit, changes } = start(3);
  await endTogether(circuit, row);
  expect(changes).toEqual([]);
});

it.each(['FFF', 'SFFF', 'FSFFF', 'FFFSSS'])('%s has one', async (row) => {
  const { circuit, changes } = start(3);
  await endTogether(circuit, row);
  expect(changes).toEqual(['open']);
});

it('a row that an answer has ended is not gone on with by the next one', async () => {
  const { circuit, changes } = start(3);
  await endTogether(circuit, 'FFS');
  await endTogether(circuit, 'F');
  expect(changes).toEqual([]);
});

it('an answer that comes behind those that open the circuit does not let a read close it', async () => {
  const { circuit, changes } = start(3);
  await endTogether(circuit, 'FFFS');
  const later = performance.now() + 5000;
  const clock = jest.spyOn(performance, 'now').mockReturnValue(later);
  await circuit.runRead(async () => 'read');
  expect(changes).toEqual(['open']);
  await circuit.run(async () => 'kicked');
  expect(changes).toEqual(['open', 'half-open', 'closed']);
  clock.mockRestore();
});

/** A call that ends when, and as, the test says. */
function held() {
  let end: (result: Promise<string>) => void = () => undefined;
  const result = new Promise<string>((resolve) => (end = resolve));
  return {
    attempt: () => result,
    succeed: () => end(Promise.resolve('yes')),
    fail: () => end(Promise.reject(outage())),
  };
}
const failRead = (circuit: Circuit) => expect(circuit.runRead(() => Promise.reject(outage()))).rejects.toThrow();

it('a read from before it opened does not close it', async () => {
  const { circuit, changes } = start(3);
  const early = held();
  const reading = circuit.runRead(early.attempt);
  for (let i = 0; i < 3; i++) await failRead(circuit);
  early.succeed();
  expect(await reading).toBe('yes');
  expect(changes).toEqual(['open']);
});

it('a read that fails while a probe is under way does not open it again after that', async () => {
  const { circuit, changes } = start(1);
  await failRead(circuit);
  const later = performance.now() + 5000;
  const clock = jest.spyOn(performance, 'now').mockReturnValue(later);
  const [early, probe] = [held(), held()];
  const reading = circuit.runRead(early.attempt);
  const probing = circuit.run(probe.attempt);
  early.fail();
  const told = expect(reading).rejects.toThrow('503');
  // Not until it is told: what cockatiel hears of while a probe is under way waits for the end of that.
  await nextTurn();
  probe.succeed();
  await probing;
  await told;
  expect(changes).toEqual(['open', 'half-open', 'closed']);
  clock.mockRestore();
});

it('a read that was not sent does not end a row', async () => {
  const { circuit, changes } = start(2);
  const untried = new UntriedError(ErrorCode.UPSTREAM_UNAVAILABLE, 'Nothing was sent.');
  await failRead(circuit);
  await expect(circuit.runRead(() => Promise.reject(untried))).rejects.toBe(untried);
  expect(changes).toEqual([]);
  await failRead(circuit);
  expect(changes).toEqual(['open']);
});
