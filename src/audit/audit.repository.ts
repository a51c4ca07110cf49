/** The audit trail's SQL. Runs unchanged on PostgreSQL and on the embedded store. */
import type { Queryable } from '../store/database';
import { LAST_POSITION } from '../store/last-position';
import type { AuditRow, NewAuditRow } from './audit-record';

/** Where a chain ends: the part of it that has to be kept elsewhere to notice that its tail was cut off. */
export interface ChainHead {
  chain: string;
  seq: number;
  hash: string;
}

const COLUMNS = `id, chain, seq, time, action, actor, issuer, request_id, follows, job_id, reason, ticket, target_type,
  target_hash, app_ids, code, may_have_taken_effect, upstream_request_id, duration_ms, details, previous_hash, hash,
  target_id, target_key`;

/**
 * The head moves in the same statement, so it can't be behind the records. Planned once and not made jsonb of, it costs
 * PostgreSQL two thirds of what it would else.
 */
const INSERT = `
  with head as (
    insert into audit_chains (chain, head_seq, head_hash) values ($2::uuid, $3::integer, $4)
    on conflict (chain) do update set head_seq = excluded.head_seq, head_hash = excluded.head_hash
  )
  insert into audit_events (${COLUMNS})
  select ${COLUMNS} from json_to_recordset($1::text::json) as batch (
    id uuid, chain uuid, seq integer, time timestamptz, action text, actor text, issuer text, request_id text,
    follows uuid, job_id uuid, reason text, ticket text, target_type text, target_hash text, app_ids text[], code text,
    may_have_taken_effect boolean, upstream_request_id text, duration_ms integer, details text, previous_hash text,
    hash text, target_id text, target_key text
  ) order by seq`;

export async function insertRows(store: Queryable, rows: readonly NewAuditRow[], head: ChainHead): Promise<void> {
  await store.query(INSERT, [JSON.stringify(rows), head.chain, head.seq, head.hash], 'audit-insert');
}

/** The heads that no opening record vouches for yet; from now on one does, if the transaction is committed. */
export const takeUnlinkedHeads = (store: Queryable): Promise<ChainHead[]> =>
  store.query<ChainHead>(
    // Locked in an order, as two gateways that begin at once would wait for each other otherwise.
    `with unlinked as (select chain from audit_chains where linked_seq < head_seq order by chain for update)
     update audit_chains c set linked_seq = head_seq from unlinked where c.chain = unlinked.chain
     returning c.chain, head_seq as seq, head_hash as hash`,
  );

/** Those of some records that stand already. */
export async function selectKnownIds(store: Queryable, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const rows = await store.query<{ id: string }>('select id from audit_events where id = any ($1::uuid[])', [[...ids]]);
  return new Set(rows.map(({ id }) => id));
}

export const selectChains = (store: Queryable): Promise<ChainHead[]> =>
  store.query<ChainHead>(
    'select chain, head_seq as seq, head_hash as hash from audit_chains order by opened_at, chain',
  );

export interface ChainStart {
  chain: string;
  action: string;
  details: string | null;
}

/**
 * The first record that each chain has, oldest chain first, whether or not `audit_chains` still knows it. Goes from chain to
 * chain along the index of (chain, seq): reading all records would take longer than a statement may.
 */
export const selectChainStarts = (store: Queryable): Promise<ChainStart[]> =>
  store.query<ChainStart>(
    `with recursive starts as (
       (select chain, position, action, details from audit_events order by chain, seq limit 1)
       union all
       select following.* from starts cross join lateral (
         select chain, position, action, details from audit_events where chain > starts.chain order by chain, seq limit 1
       ) following
     )
     select chain, action, details from starts order by position`,
  );

/** A piece of a chain, in its order. */
export const selectChainPiece = (store: Queryable, chain: string, afterSeq: number, limit: number) =>
  store.query<AuditRow>(`select ${COLUMNS} from audit_events where chain = $1 and seq > $2 order by seq limit $3`, [
    chain,
    afterSeq,
    limit,
  ]);

export interface AuditFilter {
  actor: string | null;
  userId: string | null;
  jobId: string | null;
}

/** The columns that a filter is about, those of fewest records first. Each has an index of itself and the position. */
const FILTERED = [
  { name: 'userId', column: 'target_id', type: 'text' },
  { name: 'jobId', column: 'job_id', type: 'uuid' },
  { name: 'actor', column: 'actor', type: 'text' },
] as const satisfies { name: keyof AuditFilter; column: string; type: string }[];

/**
 * Newest first. `before` is a position, exclusive; positions are text, as they may outgrow a JavaScript number.
 *
 * Compared as rows, since only the filter's own index is in that order. Of an equation PostgreSQL would conclude that the
 * order is the position's alone, and read the whole trail from its end for somebody who has many records and made the last
 * one long ago.
 */
export function selectEvents(
  store: Queryable,
  filter: AuditFilter,
  before: string | null,
  limit: number,
): Promise<(AuditRow & { position: string })[]> {
  const given = FILTERED.filter(({ name }) => filter[name] !== null);
  const [first, ...others] = given.map(({ column, type }, index) => ({ column, value: `$${index + 3}::${type}` }));
  const conditions =
    first === undefined
      ? ['position < $1']
      : [`(${first.column}, position) < (${first.value}, $1::bigint)`, `${first.column} >= ${first.value}`];
  const equations = others.map(({ column, value }) => `${column} = ${value}`);
  const order = first === undefined ? '' : `${first.column} desc, `;
  return store.query<AuditRow & { position: string }>(
    `select position::text as position, ${COLUMNS} from audit_events
     where ${[...conditions, ...equations].join(' and ')}
     order by ${order}audit_events.position desc limit $2`,
    [before ?? LAST_POSITION, limit, ...given.map(({ name }) => filter[name])],
  );
}

/**
 * Empties the targets of some records older than `before`. In their order, which is the index's: for any of them
 * PostgreSQL may read the whole table. @returns how many, at most `limit`
 */
export async function eraseTargetsBefore(store: Queryable, before: Date, limit: number): Promise<number> {
  const rows = await store.query(
    `with old as (
       select chain, seq from audit_events where target_id is not null and time < $1
       order by time limit $2 for update skip locked
     )
     update audit_events e set target_id = null, target_key = null
     from old where e.chain = old.chain and e.seq = old.seq returning e.seq`,
    [before, limit],
  );
  return rows.length;
}

/** In one statement, which has five seconds. */
const ERASED_AT_ONCE = 5000;

/** Empties one user's id wherever it stands, some records at a time. Yields in how many it was, each time. */
export async function* eraseTarget(store: Queryable, type: string, id: string): AsyncGenerator<number, void> {
  for (let erased = ERASED_AT_ONCE; erased === ERASED_AT_ONCE;) {
    const rows = await store.query(
      `with named as (
         select chain, seq from audit_events where target_type = $1 and target_id = $2 order by position limit $3 for update
       )
       update audit_events e set target_id = null, target_key = null
       from named where e.chain = named.chain and e.seq = named.seq returning e.seq`,
      [type, id, ERASED_AT_ONCE],
    );
    yield (erased = rows.length);
  }
}
