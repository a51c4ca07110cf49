/**
 * How gateways share the pace of calls to GenAuth. All arithmetic is done here, under the lock of the one row of
 * `pace_state` and by this clock, so that the shares never add up to more than there is. The figures come from the
 * gateways (src/pace/limits.ts); nothing in these tables outlives the gateways that wrote it.
 */
export const paceTables = `
  create table pace_state (
    only_row boolean primary key default true check (only_row),
    -- Of the pace, as of the last HTTP 429; the dates are null as long as there was none.
    factor double precision not null default 1,
    halved_at timestamptz,
    throttled_at timestamptz
  );
  insert into pace_state default values;

  create table pace_gateways (
    id uuid primary key,
    -- Calls a second that it could use, and that it may make until expires_at.
    demand double precision not null,
    granted double precision not null,
    expires_at timestamptz not null,
    seen_at timestamptz not null,
    -- What it tells the others, such as the state of its circuit to GenAuth.
    info jsonb not null
  );

  create function pace_renew(
    gateway uuid, held double precision, wish double precision, cap double precision, usable double precision,
    reserve double precision, most double precision, spread double precision, throttled boolean, facts jsonb
  ) returns table (
    share double precision, base double precision, gateways integer,
    throttle_factor double precision, since_halved_ms double precision, since_throttled_ms double precision
  ) language plpgsql as $$
  declare
    moment timestamptz;
    state pace_state%rowtype;
    others double precision;
    others_most double precision;
    target double precision;
    unmet double precision;
    rest double precision;
    wanting integer;
  begin
    -- What a crash of the database may lose here, the next renewal brings back.
    perform set_config('synchronous_commit', 'off', true);
    select * into state from pace_state for update;
    moment := clock_timestamp();

    delete from pace_gateways where seen_at < moment - interval '10 seconds';
    insert into pace_gateways values (gateway, wish, 0, moment, moment, facts)
      on conflict (id) do update set demand = wish, seen_at = moment, info = facts;
    select count(*) into gateways from pace_gateways;
    base := reserve / gateways;

    -- What the others may be using now; one that can't reach the database goes on with its part of the reserve.
    select coalesce(sum(rate), 0), coalesce(sum(floor(rate * spread) + 1), 0) into others, others_most
      from (
        select greatest(base, case when expires_at > moment then granted else 0 end) as rate
        from pace_gateways where id <> gateway
      ) as rates;

    -- Whoever wants little gets it; the rest is divided evenly among those who want more (max-min fairness).
    rest := usable - reserve;
    wanting := gateways;
    for unmet in
      select greatest(0, case when expires_at > moment or id = gateway then demand - base else 0 end)
      from pace_gateways order by 1
    loop
      if unmet > rest / wanting then
        target := base + least(greatest(0, wish - base), rest / wanting);
        exit;
      end if;
      rest := rest - unmet;
      wanting := wanting - 1;
    end loop;
    if target is null then
      -- Nobody is short of anything: half of what is left is handed out in advance, half is there for the asking.
      target := base + greatest(0, wish - base) + case when gateways = 1 then rest else rest / (2 * gateways) end;
    end if;

    -- Where calls are few, it matters that each gateway's second can begin with one call more than its rate says.
    share := least(target, usable - others, greatest((most - others_most - 0.001) / spread, target / 2));
    share := greatest(share, least(base, cap - others), base / 5);
    -- A share that shrinks counts in full until its gateway says that it knows.
    update pace_gateways set granted = greatest(share, held), expires_at = moment + interval '2 seconds'
      where id = gateway;

    if throttled then
      if state.throttled_at is not null then
        -- A tenth came back with each second since.
        state.factor := least(1, state.factor + 0.1 * floor(extract(epoch from moment - state.throttled_at)));
      end if;
      if state.halved_at is null or state.halved_at <= moment - interval '1 second' then
        state.factor := greatest(0.1, state.factor / 2);
        state.halved_at := moment;
      end if;
      state.throttled_at := moment;
      update pace_state set factor = state.factor, halved_at = state.halved_at, throttled_at = state.throttled_at;
    end if;
    throttle_factor := state.factor;
    since_halved_ms := 1000 * extract(epoch from moment - state.halved_at);
    since_throttled_ms := 1000 * extract(epoch from moment - state.throttled_at);
    return next;
  end $$;
`;
