/**
 * `npm run audit:verify [-- --heads LOG]`: walks the audit trail and names the first broken record of each chain.
 * Exit code 0: whole; 1: broken, or it can't be read.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { readStoreConfig } from '../config';
import { openDatabase } from '../store/open-database';
import type { ChainHead } from './audit-repository';
import { verifyTrail } from './verify';

/** The lines in which gateways logged the heads of their chains. Other lines, broken ones too, are passed over. */
function readHeads(file: string): ChainHead[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.includes('"msg":"audit head"'))
    .flatMap((line) => {
      const [, chain] = /"chain":"([0-9a-f-]{36})"/.exec(line) ?? [];
      const [, seq] = /"seq":(\d+)/.exec(line) ?? [];
      const [, hash] = /"hash":"([0-9a-f]{64})"/.exec(line) ?? [];
      return chain && seq && hash ? [{ chain, seq: Number(seq), hash }] : [];
    });
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { heads: { type: 'string' } } });
  const heads = values.heads === undefined ? [] : readHeads(values.heads);
  const database = await openDatabase(readStoreConfig(), pino({ level: 'silent' }));
  try {
    const { chains, records, erased, faults } = await verifyTrail(database, heads);
    for (const { chain, seq, id, what } of faults) {
      process.stdout.write(`BROKEN chain ${chain}, record ${seq}${id === null ? '' : ` (${id})`}: ${what}\n`);
    }
    const verdict = faults.length === 0 ? 'the audit trail is whole' : 'the audit trail is BROKEN';
    const compared = values.heads === undefined ? '' : `, ${heads.length} logged heads compared`;
    process.stdout.write(`${verdict}: ${records} records in ${chains} chains, ${erased} erased targets${compared}\n`);
    return faults.length === 0 ? 0 : 1;
  } finally {
    await database.stop();
  }
}

main().then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  },
);
