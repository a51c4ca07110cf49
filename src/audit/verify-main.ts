/**
 * `npm run audit:verify [-- --heads LOG --heads LOG ...]`: walks the audit trail and names what is broken in it.
 * Exit code 0: whole; 1: broken, or it can't be read.
 */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { isRecord } from '../is-record';
import type { ChainHead } from './audit.repository';
import { runOnTrail } from './command';
import { isHead, verifyTrail } from './verify';

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/**
 * The head in a line of the log: as it is, behind what some container runtimes put in front, or wrapped in JSON once more, as
 * Docker keeps it. A text that somebody else wrote into a line is never taken for one.
 */
function headIn(line: string): ChainHead[] {
  const outer = parse(line.slice(line.indexOf('{')));
  const inner = isRecord(outer) && typeof outer['log'] === 'string' ? parse(outer['log']) : outer;
  return isRecord(inner) && inner['msg'] === 'audit head' && isHead(inner) ? [inner] : [];
}

/**
 * The lines in which gateways logged the heads of their chains. Other lines, broken ones too, are passed over.
 * @throws when there is none: nothing would be compared, and a tail that was cut off not be missed
 */
async function readHeads(file: string): Promise<ChainHead[]> {
  const heads: ChainHead[] = [];
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    if (line.includes('audit head')) heads.push(...headIn(line));
  }
  if (heads.length === 0)
    throw new Error(`${file} holds no line "audit head" as gateways write them, so it proves nothing`);
  return heads;
}

/** Of all logs together, each of which must have some: gateways write one each. Null: none are named. */
async function readAllHeads(files: readonly string[] | undefined): Promise<ChainHead[] | null> {
  if (files === undefined) return null;
  return (await Promise.all(files.map(readHeads))).flat();
}

runOnTrail(
  () => readAllHeads(parseArgs({ options: { heads: { type: 'string', multiple: true } } }).values.heads),
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
