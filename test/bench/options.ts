/** What the command line asks for. */
import { isMeasurement, MEASUREMENTS, type Measurement } from './measurements';
import { isRowName, ROWS, type RowName } from './rows';

export interface BenchOptions {
  /** Short rounds: to try it, or to see in CI that it runs. The numbers are no results then. */
  isQuick: boolean;
  /** Of the side-by-side table. */
  rows: readonly RowName[];
  /** Beside the table. */
  measurements: readonly Measurement[];
}

const USAGE = `usage: npm run bench -- [--quick] [name ...]
  rows of the table: ${Object.keys(ROWS).join(' ')}
  measurements:      ${MEASUREMENTS.join(' ')}
  everything, if nothing is named`;

/** @throws with the usage when something is named that there isn't */
export function readOptions(given: readonly string[]): BenchOptions {
  const names = given.filter((argument) => argument !== '--quick');
  const unknown = names.filter((name) => !isRowName(name) && !isMeasurement(name));
  if (unknown.length > 0) throw new Error(`there is no ${unknown.join(', ')}\n${USAGE}`);
  const isQuick = given.includes('--quick');
  if (names.length === 0) return { isQuick, rows: Object.keys(ROWS).filter(isRowName), measurements: MEASUREMENTS };
  const rows = names.filter(isRowName);
  // All others are compared with it.
  const withRest = rows.length === 0 || rows.includes('rest') ? rows : (['rest', ...rows] as const);
  return { isQuick, rows: withRest, measurements: names.filter(isMeasurement) };
}
