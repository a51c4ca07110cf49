/** Walks the audit trail and tells where it was tampered with. Reads only. */
import { isRecord } from '../is-record';
import type { Queryable } from '../store/database';
import { hashRecord, hashTarget, NO_HASH, type AuditRow } from './audit-record';
import { selectChainPiece, selectChains, selectChainStarts, type ChainHead, type ChainStart } from './audit.repository';

/** Records read at a time. */
const PIECE = 1000;
/** In one chain: more are no accident, and the walk ends there. */
const MOST_GAPS = 100;

/** Something that is wrong with a chain: a gap, or the first thing beside gaps; what comes after that proves nothing any more. */
export interface Fault {
  chain: string;
  seq: number;
  /** The record's id; null when the record isn't there. */
  id: string | null;
  what: string;
}

export interface Verification {
  chains: number;
  records: number;
  /** Records whose personal data was erased; all else about them is verified. */
  erased: number;
  /** In the order of the chains, then what is gone as a whole; empty when the trail is whole. */
  faults: Fault[];
}

/** Records that are known to have been written, by chain and number: each with the hash, or hashes, that it must have. */
class ExpectedHeads {
  private readonly byChain = new Map<string, Map<number, Set<string>>>();

  add(heads: readonly ChainHead[]): void {
    for (const { chain, seq, hash } of heads) {
      const bySeq = this.byChain.get(chain) ?? new Map<number, Set<string>>();
      this.byChain.set(chain, bySeq.set(seq, (bySeq.get(seq) ?? new Set()).add(hash)));
    }
  }

  /** Takes out what a chain was expected to have at a place. @returns whether the hash is the one */
  meet({ chain, seq, hash }: AuditRow): boolean {
    const bySeq = this.byChain.get(chain);
    const hashes = bySeq?.get(seq);
    bySeq?.delete(seq);
    return hashes === undefined || (hashes.size === 1 && hashes.has(hash));
  }

  /** Says no more of what was to stand before a place, as a gap there is told of. */
  passOver({ chain, seq }: AuditRow): void {
    const bySeq = this.byChain.get(chain);
    for (const place of bySeq?.keys() ?? []) if (place < seq) bySeq?.delete(place);
  }

  /** Says no more of a chain: it is broken already. */
  drop(chain: string): void {
    this.byChain.delete(chain);
  }

  /** What was not met. */
  missing(): Omit<ChainHead, 'hash'>[] {
    return [...this.byChain].flatMap(([chain, bySeq]) => [...bySeq.keys()].map((seq) => ({ chain, seq })));
  }
}

export const isHead = (value: unknown): value is Record<string, unknown> & ChainHead =>
  isRecord(value) &&
  typeof value['chain'] === 'string' &&
  typeof value['seq'] === 'number' &&
  typeof value['hash'] === 'string';

/** Null: it is no JSON, so somebody has changed it, which the walk finds. */
function parseDetails(details: string | null): unknown {
  try {
    return JSON.parse(details ?? '{}');
  } catch {
    return null;
  }
}

/** The heads of other chains that an opening record vouches for. */
function linksOf({ action, details }: ChainStart): ChainHead[] {
  if (action !== 'CHAIN_OPENED') return [];
  const parsed = parseDetails(details);
  const links = isRecord(parsed) ? parsed['links'] : null;
  return Array.isArray(links) ? links.filter(isHead) : [];
}

/** A value that can't even be put into words, such as a time without end, is none that was hashed. */
function isUnchanged(row: AuditRow): boolean {
  try {
    return row.hash === hashRecord(row);
  } catch {
    return false;
  }
}

function faultOf(row: AuditRow, previousHash: string): string | null {
  if (row.previous_hash !== previousHash) return 'it does not follow the record before it';
  if (!isUnchanged(row)) return 'it was changed';
  if ((row.target_id === null) !== (row.target_key === null)) return 'its target was emptied in part';
  if (row.target_id === null || row.target_key === null) return null;
  const hash = hashTarget(row.target_key, row.target_type ?? '', row.target_id);
  return hash === row.target_hash ? null : 'its target was changed';
}

async function walkChain(store: Queryable, chain: string, expected: ExpectedHeads, result: Verification) {
  let previousHash = NO_HASH;
  let gaps = 0;
  for (let seq = 0; ;) {
    const rows = await selectChainPiece(store, chain, seq, PIECE);
    for (const row of rows) {
      if (row.seq !== ++seq) {
        result.faults.push({ chain, seq: row.seq, id: row.id, what: 'a record is missing before this one' });
        if (++gaps === MOST_GAPS) return expected.drop(chain);
        // As after a restore under gateways that ran on: what they have written since is still theirs, or shows that it isn't.
        expected.passOver(row);
        ({ seq, previous_hash: previousHash } = row);
      }
      const what = faultOf(row, previousHash) ?? (expected.meet(row) ? null : 'it is not what was written');
      if (what !== null) {
        result.faults.push({ chain, seq: row.seq, id: row.id, what });
        expected.drop(chain);
        return;
      }
      if (row.target_type !== null && row.target_id === null) result.erased++;
      result.records++;
      previousHash = row.hash;
    }
    if (rows.length < PIECE) return;
  }
}

/**
 * @param knownHeads heads that were kept elsewhere, as in the gateway's log: only with them does a tail show that was
 * cut off by somebody who also mended `audit_chains`
 */
export async function verifyTrail(store: Queryable, knownHeads: readonly ChainHead[]): Promise<Verification> {
  const expected = new ExpectedHeads();
  // Heads first: what is written meanwhile is beyond them.
  expected.add(await selectChains(store));
  expected.add(knownHeads);
  const chains = await selectChainStarts(store);
  for (const start of chains) expected.add(linksOf(start));
  const result: Verification = { chains: chains.length, records: 0, erased: 0, faults: [] };
  for (const { chain } of chains) await walkChain(store, chain, expected, result);
  const what = 'it is known to have been written, and is gone';
  for (const { chain, seq } of expected.missing()) result.faults.push({ chain, seq, id: null, what });
  return result;
}
