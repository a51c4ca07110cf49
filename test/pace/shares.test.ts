/** How gateways of one database share the pace: the arithmetic of `pace_renew`, on both stores. */
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { limitsOf, SPREAD, type PaceLimits } from '../../src/pace/limits';
import { giveShareBack, renewShare, type Grant } from '../../src/pace/pace.repository';
import type { Database } from '../../src/store/database';
import { describeOnEachStore, makeStore, openStore } from '../helpers/stores';

/** A gateway that takes what it is granted, as the real ones do. */
class Gateway {
  readonly id = randomUUID();
  held: number;
  grant: Grant | null = null;

  constructor(
    private readonly database: Database,
    private readonly limits: PaceLimits,
  ) {
    this.held = limits.reserve / 4;
  }

  /** @param isHeard false: the answer gets lost, and it goes on as before */
  async renew(demand: number, { kickDemand = 0, isThrottled = false, isHeard = true } = {}): Promise<Grant> {
    const report = { held: this.held, demand, kickDemand, isThrottled, info: {} };
    const grant = await renewShare(this.database, this.id, this.limits, report);
    if (isHeard) [this.held, this.grant] = [grant.share, grant];
    return grant;
  }
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

describeOnEachStore('the shares of the pace', (kind) => {
  let database: Database;
  beforeAll(async () => {
    database = await openStore(await makeStore(kind));
  });
  const reset = () =>
    database.run(`delete from pace_gateways; update pace_state set factor = 1, halved_at = null, throttled_at = null`);
  beforeEach(reset);

  const gateways = (count: number, cap: number) =>
    Array.from({ length: count }, () => new Gateway(database, limitsOf(cap)));
  /** Each renews so often, in turn. */
  const settle = async (all: readonly Gateway[], demands: readonly number[], rounds = 3, kicks: number[] = []) => {
    for (let round = 0; round < rounds; round++) {
      for (const [i, gateway] of all.entries()) await gateway.renew(demands[i] ?? 0, { kickDemand: kicks[i] ?? 0 });
    }
    return all.map(({ held }) => held);
  };

  it('are all of it for a gateway alone, busy or not', async () => {
    const [gateway] = gateways(1, 250);
    expect((await gateway!.renew(0)).share).toBeCloseTo(242.5, 6);
    expect((await gateway!.renew(250)).share).toBeCloseTo(242.5, 6);
  });

  it.each<[string, number[], unknown[]]>([
    ['all idle: half is handed out, half is there for the asking', [0, 0], [63.75, 63.75]],
    ['one busy: it has nearly everything', [250, 0], [236.25, 6.25]],
    ['both busy: half each', [250, 250], [121.25, 121.25]],
    ['one wants little: it gets that', [250, 30], [212.5, 30]],
    ['three, two of them busy', [250, 250, 10], [116.25, 116.25, 10]],
  ])('%s', async (_, demands, shares) => {
    const held = await settle(gateways(demands.length, 250), demands);
    expect(held.map((share) => Number(share.toFixed(2)))).toEqual(shares);
  });

  it.each<[string, number[], number[], unknown[]]>([
    ['kicks have what they want before jobs', [250, 250, 100], [0, 0, 100], [71.25, 71.25, 100]],
    ['also where jobs are at the same gateway', [250, 250, 250], [0, 0, 100], [48.89, 48.89, 144.72]],
    ['more kicks than there is pace for: jobs have the reserve', [250, 250], [0, 250], [6.25, 236.25]],
    ['kicks at two gateways share it evenly', [250, 250, 250], [250, 0, 250], [119.17, 4.17, 119.17]],
  ])('%s', async (_, demands, kicks, shares) => {
    const held = await settle(gateways(demands.length, 250), demands, 4, kicks);
    expect(held.map((share) => Number(share.toFixed(2)))).toEqual(shares);
  });

  it('tell what a gateway can count on for kicks, as soon as jobs have made room', async () => {
    const [idle, jobs, kicks] = gateways(3, 250) as [Gateway, Gateway, Gateway];
    await settle([idle, jobs, kicks], [0, 250, 100], 3, [0, 0, 100]);
    const soon = async (gateway: Gateway, demand: number, kickDemand: number) =>
      Number((await gateway.renew(demand, { kickDemand })).kicksSoon.toFixed(2));
    expect(await soon(idle, 0, 0)).toBe(138.33);
    expect(await soon(kicks, 100, 100)).toBe(234.17);
    expect(idle.held).toBeLessThan(5);
  });

  it('are divided among gateways of the release before, too, which do not tell kicks from jobs', async () => {
    const [newer] = gateways(1, 250) as [Gateway];
    const { cap, usable, reserve, most } = limitsOf(250);
    const older = randomUUID();
    let held = reserve / 4;
    for (let round = 0; round < 4; round++) {
      await newer.renew(100, { kickDemand: 100 });
      const [row] = await database.query<{ share: number; gateways: number }>(
        `select * from pace_renew($1, $2, 250, $3, $4, $5, $6, $7, false, '{}')`,
        [older, held, cap, usable, reserve, most, SPREAD],
      );
      held = row!.share;
      expect(row!.gateways).toBe(2);
    }
    expect([newer.held, held]).toEqual([expect.closeTo(100, 6), expect.closeTo(142.5, 6)]);
  });

  it('never add up to more than the cap, and leave no gateway without any', async () => {
    const step = fc.record({
      gateway: fc.nat({ max: 4 }),
      demand: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 600 })),
      kickDemand: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 600 })),
      isHeard: fc.oneof({ weight: 9, arbitrary: fc.constant(true) }, fc.constant(false)),
      leaves: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, fc.constant(true)),
    });
    const caps = fc.constantFrom(20, 50, 250, 500);
    await fc.assert(
      fc.asyncProperty(caps, fc.array(step, { minLength: 5, maxLength: 25 }), async (cap, steps) => {
        await reset();
        const slots: (Gateway | undefined)[] = [];
        for (const { gateway: slot, demand, kickDemand, isHeard, leaves } of steps) {
          const gateway = (slots[slot] ??= gateways(1, cap)[0]!);
          await gateway.renew(demand, { kickDemand, isHeard });
          if (leaves) {
            await giveShareBack(database, gateway.id);
            slots[slot] = undefined;
          }
          const held = slots.flatMap((one) => (one?.grant == null ? [] : [one.held]));
          expect(sum(held)).toBeLessThanOrEqual(cap * 1.005);
          for (const share of held) expect(share).toBeGreaterThanOrEqual((cap * 0.05) / 5 / 5 - 1e-9);
        }
      }),
      { numRuns: kind === 'embedded' ? 25 : 10 },
    );
  }, 60_000);

  it.each([
    [10, 2],
    [10, 3],
    [20, 2],
    [20, 3],
    [50, 4],
  ])('of a cap of %d for %d busy gateways put no more into one second than the cap and a tenth', async (cap, count) => {
    const held = await settle(gateways(count, cap), new Array(count).fill(cap), 4);
    const most = held.map((share) => Math.floor(share * SPREAD) + 1);
    expect(sum(most)).toBeLessThanOrEqual(limitsOf(cap).most);
    expect(sum(held)).toBeGreaterThan(cap * 0.8);
  });

  it('shrink only when the gateway says that it knows', async () => {
    const [first, second] = gateways(2, 100) as [Gateway, Gateway];
    await first.renew(100);
    expect(first.held).toBeCloseTo(97, 6);
    await second.renew(100);
    await first.renew(100, { isHeard: false });
    expect((await second.renew(100)).share).toBeLessThan(5);
    await first.renew(100);
    expect(first.held).toBeCloseTo(48.5, 6);
    expect((await second.renew(100)).share).toBeLessThan(5);
    await first.renew(100);
    expect((await second.renew(100)).share).toBeCloseTo(48.5, 6);
  });

  it('of gateways that are heard of no more are free after their lease, their part of the reserve later', async () => {
    const [lost, alive] = gateways(2, 100) as [Gateway, Gateway];
    await settle([lost, alive], [100, 100]);
    const age = (seconds: number) =>
      database.query(
        `update pace_gateways set expires_at = clock_timestamp() + make_interval(secs => 2 - $2::float8),
         seen_at = clock_timestamp() - make_interval(secs => $2::float8) where id = $1`,
        [lost.id, seconds],
      );
    await age(1.5);
    expect((await alive.renew(100)).share).toBeCloseTo(48.5, 6);
    await age(2.1);
    expect((await alive.renew(100)).share).toBeCloseTo(94.5, 6);
    await age(10.1);
    expect(await alive.renew(100)).toMatchObject({ share: expect.closeTo(97, 6), gateways: 1 });
    expect(await database.query('select id from pace_gateways')).toEqual([{ id: alive.id }]);
  });

  it('are told with the throttling that all have agreed on', async () => {
    const [first, second] = gateways(2, 100) as [Gateway, Gateway];
    expect((await first.renew(0)).throttle).toEqual({
      factor: 1,
      sinceHalvedMs: Infinity,
      sinceThrottledMs: Infinity,
    });
    expect((await first.renew(0, { isThrottled: true })).throttle).toEqual({
      factor: 0.5,
      sinceHalvedMs: 0,
      sinceThrottledMs: 0,
    });
    /** By the clock of the database, so that what a busy machine takes in between counts for nothing. */
    const ago = (seconds: number) =>
      database.query(
        `update pace_state set halved_at = clock_timestamp() - make_interval(secs => $1::float8),
         throttled_at = clock_timestamp() - make_interval(secs => $1::float8)`,
        [seconds],
      );
    await ago(0);
    // The second has met the same refusals: that is no reason to halve again.
    expect((await second.renew(0, { isThrottled: true })).throttle).toMatchObject({ factor: 0.5, sinceThrottledMs: 0 });
    await ago(2.5);
    const { throttle } = await second.renew(0);
    expect(throttle).toMatchObject({ factor: 0.5 });
    expect(throttle.sinceThrottledMs).toBeGreaterThanOrEqual(2500);
    await ago(2.5);
    // Two tenths are back by now.
    expect((await second.renew(0, { isThrottled: true })).throttle.factor).toBeCloseTo(0.35, 6);
    for (let i = 0; i < 3; i++) {
      await ago(1.5);
      await first.renew(0, { isThrottled: true });
    }
    await ago(0);
    expect((await first.renew(0)).throttle.factor).toBeCloseTo(0.13125, 6);
  });

  describe('when the clock of the database was set back', () => {
    /** All dates so far are later than they can be. */
    const setBack = (seconds: number) =>
      database.run(
        `update pace_gateways set seen_at = seen_at + interval '${seconds} seconds',
           expires_at = expires_at + interval '${seconds} seconds';
         update pace_state set halved_at = halved_at + interval '${seconds} seconds',
           throttled_at = throttled_at + interval '${seconds} seconds'`,
      );

    it('are free of a gateway that is gone after its lease, all the same', async () => {
      const [lost, alive] = gateways(2, 100) as [Gateway, Gateway];
      await settle([lost, alive], [100, 100]);
      await setBack(3600);
      expect((await alive.renew(100)).share).toBeCloseTo(48.5, 6);
      const [row] = await database.query<{ left: number; age: number }>(
        `select extract(epoch from expires_at - clock_timestamp())::float8 as left,
           extract(epoch from clock_timestamp() - seen_at)::float8 as age from pace_gateways where id = $1`,
        [lost.id],
      );
      expect(row!.left).toBeLessThanOrEqual(2);
      expect(row!.age).toBeGreaterThanOrEqual(0);
    });

    it('are halved as before, and no less than a tenth of that', async () => {
      const [gateway] = gateways(1, 100) as [Gateway];
      await gateway.renew(0, { isThrottled: true });
      await setBack(60);
      const { throttle } = await gateway.renew(0);
      expect(throttle).toMatchObject({ factor: 0.5, sinceHalvedMs: 0, sinceThrottledMs: 0 });
      // From now on, and not in a minute, it recovers.
      expect((await gateway.renew(0)).throttle.sinceThrottledMs).toBeGreaterThanOrEqual(0);
      expect((await gateway.renew(0, { isThrottled: true })).throttle.factor).toBe(0.5);
      // As the release before may have left it.
      await database.run('update pace_state set factor = -5');
      expect((await gateway.renew(0)).throttle.factor).toBe(0.1);
    });
  });
});
