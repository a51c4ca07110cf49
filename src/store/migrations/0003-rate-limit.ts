/**
 * How many kicks each caller had in the last minute, a row for each second in which there were some. Counted here,
 * under a lock for each caller and by this clock, so that gateways never let through more than the limit together.
 */
export const rateLimitTables = `
  create table rate_slots (
    -- A hash of issuer and subject: whoever reads this table learns no names.
    caller text not null,
    -- The second, since 1970.
    slot bigint not null,
    used integer not null,
    free_at timestamptz not null,
    primary key (caller, slot)
  );
  create index rate_slots_free on rate_slots (free_at);

  create function rate_take(of_caller text, wanted integer, extra integer, per_minute bigint)
  returns table (granted integer, taken_in double precision, retry_after_ms double precision) language plpgsql as $$
  declare
    moment timestamptz;
    this_second bigint;
    room bigint;
  begin
    perform pg_advisory_xact_lock(hashtextextended(of_caller, 7303184222));
    moment := clock_timestamp();
    this_second := floor(extract(epoch from moment));
    delete from rate_slots where caller = of_caller and free_at <= moment;
    select per_minute - coalesce(sum(used), 0) into room from rate_slots where caller = of_caller;
    -- In advance only from plenty, so that no gateway sits on the last ones.
    if room - wanted - extra < per_minute / 2 then extra := 0; end if;

    granted := greatest(0, least(wanted + extra, room));
    taken_in := this_second;
    if granted > 0 then
      insert into rate_slots as slots values (
        of_caller, this_second, granted,
        -- What is taken in advance may be used a second later.
        moment + interval '1 minute' + case when extra > 0 then interval '1 second' else interval '0' end
      ) on conflict (caller, slot) do update
        set used = slots.used + excluded.used, free_at = greatest(slots.free_at, excluded.free_at);
    end if;
    if granted < wanted then
      select 1000 * extract(epoch from min(free_at) - moment) into retry_after_ms
      from rate_slots where caller = of_caller and used > 0;
    end if;

    -- Last, and without waiting for anybody: what callers left behind who never came back.
    delete from rate_slots where (caller, slot) in (
      select caller, slot from rate_slots where free_at < moment - interval '1 minute' limit 100 for update skip locked
    );
    return next;
  end $$;

  create function rate_return(of_caller text, in_second bigint, unused integer) returns void language sql as $$
    update rate_slots set used = greatest(0, used - unused) where caller = of_caller and slot = in_second
  $$;
`;
