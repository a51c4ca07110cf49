/** Answers of one turn of the event loop go on together: what the circuit makes of them must not depend on that. */
import { AppError, ErrorCode } from '../../src/errors';
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
