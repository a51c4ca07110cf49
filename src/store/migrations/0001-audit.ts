/**
 * The audit trail: records that are only ever added. `target_id` and `target_key` alone may be emptied later, together,
 * to erase personal data; the chain covers `target_hash`, which without its key can't be led back to anybody.
 */
export const auditTables = `
  create table audit_chains (
    chain uuid primary key,
    opened_at timestamptz(3) not null default now(),
    head_seq integer not null,
    head_hash text not null,
    -- Up to here the opening record of a later chain vouches for this one.
    linked_seq integer not null default 0
  );

  create table audit_events (
    position bigint generated always as identity primary key,
    id uuid not null unique,
    chain uuid not null,
    seq integer not null,
    time timestamptz(3) not null,
    action text not null,
    actor text not null,
    issuer text not null,
    request_id text not null,
    follows uuid,
    job_id uuid,
    reason text,
    ticket text,
    target_type text,
    target_hash text,
    app_ids text[],
    code text,
    may_have_taken_effect boolean,
    upstream_request_id text,
    duration_ms integer,
    details text,
    previous_hash text not null,
    hash text not null,
    target_id text,
    target_key text,
    unique (chain, seq)
  );
  create index audit_events_actor on audit_events (actor, position);
  create index audit_events_target on audit_events (target_id, position) where target_id is not null;
  create index audit_events_job on audit_events (job_id, position) where job_id is not null;
  create index audit_events_erasable on audit_events (time) where target_id is not null;

  create function audit_events_are_append_only() returns trigger language plpgsql as $$
  begin
    if tg_op = 'UPDATE' and new.target_id is null and new.target_key is null then
      old.target_id := null;
      old.target_key := null;
      if new is not distinct from old then return new; end if;
    end if;
    raise exception 'audit_events is append-only';
  end $$;
  create trigger audit_events_append_only before update or delete on audit_events
    for each row execute function audit_events_are_append_only();
  create trigger audit_events_no_truncate before truncate on audit_events
    for each statement execute function audit_events_are_append_only();
`;
