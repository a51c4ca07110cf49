/**
 * Mends 2 and 3, whose functions gateways of older releases go on calling.
 *
 * The pace: what gateways want for single kicks is divided before what they want for jobs, whichever of them it is at;
 * `kicks_soon` is what a gateway can count on for kicks of its own as soon as jobs have made room.
 *
 * Clocks: that of a database may step back (a correction, a standby that takes over). Then ages are negative, and what is
 * to end soon would end as much later as the step was long. Dates that can't have been written yet count as of now.
 */
export const kicksFirst = `
  alter table pace_gateways add column kick_demand double precision not null default 0;

  -- Max-min fairness: what everybody gets who wants more than that; infinite when there is enough for all.
  create function pace_level(needs double precision[], available double precision)
  returns double precision language plpgsql immutable as $$
  declare
    rest double precision := greatest(0, available);
    wanting integer := cardinality(needs);
    need double precision;
  begin
    for need in select unnest(needs) order by 1 loop
      if need > rest / wanting then return rest / wanting; end if;
      rest := rest - need;
      wanting := wanting - 1;
    end loop;
    return 'Infinity';
  end $$;

  create function pace_renew(
    gateway uuid, held double precision, wish double precision, kick_wish double precision, cap double precision,
    usable double precision, reserve double precision, most double precision, spread double precision,
    throttled boolean, facts jsonb
  ) returns table (
    share double precision, base double precision, gateways integer, kicks_soon double precision,
    throttle_factor double precision, since_halved_ms double precision, since_throttled_ms double precision
  ) language plpgsql as $$
  declare
    moment timestamptz;
    state pace_state%rowtype;
    others double precision;
    others_most double precision;
    kick_needs double precision[];
    kick_needs_of_others double precision[];
    job_needs double precision[];
    kick_level double precision;
    job_level double precision;
    rest double precision := usable - reserve;
    rest_for_jobs double precision;
    own_kicks double precision;
    target double precision;
  begin
    -- What a crash of the database may lose here, the next renewal brings back.
    perform set_config('synchronous_commit', 'off', true);
    select * into state from pace_state for update;
    moment := clock_timestamp();

    update pace_gateways
      set seen_at = least(seen_at, moment), expires_at = least(expires_at, moment + interval '2 seconds')
      where seen_at > moment or expires_at > moment + interval '2 seconds';
    state.factor := least(1, greatest(0.1, state.factor));
    if state.throttled_at > moment or state.halved_at > moment then
      state.throttled_at := least(state.throttled_at, moment);
      state.halved_at := least(state.halved_at, moment);
      update pace_state set throttled_at = state.throttled_at, halved_at = state.halved_at;
    end if;

    delete from pace_gateways where seen_at < moment - interval '10 seconds';
    insert into pace_gateways (id, demand, kick_demand, granted, expires_at, seen_at, info)
      values (gateway, wish, kick_wish, 0, moment, moment, facts)
      on conflict (id) do update set demand = wish, kick_demand = kick_wish, seen_at = moment, info = facts;
    select count(*) into gateways from pace_gateways;
    base := reserve / gateways;

    -- What the others may be using now; one that can't reach the database goes on with its part of the reserve.
    select coalesce(sum(rate), 0), coalesce(sum(floor(rate * spread) + 1), 0) into others, others_most
      from (
        select greatest(base, case when expires_at > moment then granted else 0 end) as rate
        from pace_gateways where id <> gateway
      ) as rates;

    -- What each wants beyond its part of the reserve, in which its kicks come first, too.
    select array_agg(kicks), array_agg(kicks) filter (where id <> gateway), array_agg(total - kicks)
      into kick_needs, kick_needs_of_others, job_needs
      from (
        select id, greatest(0, demand - base) as total, greatest(0, least(kick_demand, demand) - base) as kicks
        from pace_gateways where expires_at > moment or id = gateway
      ) as needs;
    kick_level := pace_level(kick_needs, rest);
    select rest - sum(least(need, kick_level)) into rest_for_jobs from unnest(kick_needs) as need;
    job_level := pace_level(job_needs, rest_for_jobs);

    own_kicks := greatest(0, least(kick_wish, wish) - base);
    target := base + least(own_kicks, kick_level) + least(greatest(0, wish - base) - own_kicks, job_level);
    if kick_level = 'Infinity' and job_level = 'Infinity' then
      -- Nobody is short of anything: half of what is left is handed out in advance, half is there for the asking.
      select rest_for_jobs - sum(need) into rest from unnest(job_needs) as need;
      target := target + case when gateways = 1 then rest else rest / (2 * gateways) end;
    end if;

    -- Where calls are few, it matters that each gateway's second can begin with one call more than its rate says.
    share := least(target, usable - others, greatest((most - others_most - 0.001) / spread, target / 2));
    share := greatest(share, least(base, cap - others), base / 5);
    -- The same for kicks without end, once the others have no more than their part of the reserve and their own kicks.
    kicks_soon := base + pace_level(array_append(kick_needs_of_others, 'Infinity'), usable - reserve);
    kicks_soon := least(kicks_soon, greatest(
      (most - (gateways - 1) * (floor(base * spread) + 1) - 0.001) / spread, kicks_soon / 2
    ));
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

  -- Of gateways that don't tell kicks from jobs.
  create or replace function pace_renew(
    gateway uuid, held double precision, wish double precision, cap double precision, usable double precision,
    reserve double precision, most double precision, spread double precision, throttled boolean, facts jsonb
  ) returns table (
    share double precision, base double precision, gateways integer,
    throttle_factor double precision, since_halved_ms double precision, since_throttled_ms double precision
  ) language sql as $$
    select share, base, gateways, throttle_factor, since_halved_ms, since_throttled_ms
    from pace_renew(gateway, held, wish, 0, cap, usable, reserve, most, spread, throttled, facts)
  $$;

  create or replace function rate_take(of_caller text, wanted integer, extra integer, per_minute bigint)
  returns table (granted integer, taken_in double precision, retry_after_ms double precision) language plpgsql as $$
  declare
    moment timestamptz;
    this_second bigint;
    room bigint;
  begin
    perform pg_advisory_xact_lock(hashtextextended(of_caller, 7303184222));
    moment := clock_timestamp();
    this_second := floor(extract(epoch from moment));
    update rate_slots set free_at = moment + interval '61 seconds'
      where caller = of_caller and free_at > moment + interval '61 seconds';
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
`;
