/**
 * `npm run audit:verify [-- --heads LOG]`: walks the audit trail and names the first broken record of each chain.
 * Exit code 0: whole; 1: broken, or it can't be read.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { ChainHead } from './audit-repository';
import { runOnTrail } from './command';
import { verifyTrail } from './verify';

/**
 * The lines in which gateways logged the heads of their chains, as they are or wrapped in JSON once more, as Docker keeps
 * them. Other lines, broken ones too, are passed over.
 * @throws when there is none: nothing would be compared, and a tail that was cut off not be missed
 */
function readHeads(file: string): ChainHead[] {
  const heads = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.includes('audit head'))
    .map((line) => line.replaceAll('\\', ''))
    .filter((line) => line.includes('"msg":"audit head"'))
    .flatMap((line) => {
      const [, chain] = /"chain":"([0-9a-f-]{36})"/.exec(line) ?? [];
      const [, seq] = /"seq":(\d+)/.exec(line) ?? [];
      const [, hash] = /"hash":"([0-9a-f]{64})"/.exec(line) ?? [];
      return chain && seq && hash ? [{ chain, seq: Number(seq), hash }] : [];
    });
  if (heads.length === 0)
    throw new Error('the log holds no line "audit head" as gateways write them, so it proves nothing');
  return heads;
}

runOnTrail(
  () => {
    const { heads } = parseArgs({ options: { heads: { type: 'string' } } }).values;
    return heads === undefined ? null : readHeads(heads);
  },
  async (heads, database) => {
    const { chains, records, erased, faults } = await verifyTrail(database, heads ?? []);
    for (const { chain, seq, id, what } of faults) {
      process.stdout.write(`BROKEN chain ${chain}, record ${seq}${id === null ? '' : ` (${id})`}: ${what}\n`);
    }
    const verdict = faults.length === 0 ? 'the audit trail is whole' : 'the audit trail is BROKEN';
    const compared = heads === null ? '' : `, ${heads.length} logged heads compared`;
    process.stdout.write(`${verdict}: ${records} records in ${chains} chains, ${erased} erased targets${compared}\n`);
    return faults.length === 0 ? 0 : 1;
  },
);
