/** What is gathered between two scrapes comes out as if prom-client had been told of each at once. */
import fc from 'fast-check';
import { Counter, Histogram, Registry } from 'prom-client';
import { GatheredCounter, GatheredHistogram } from '../../src/observability/gathered';

const BUCKETS = [0.1, 1, 10];
const OPTIONS = { help: 'Of a test.' };

/** Both kinds, gathered and not, of the same names. */
function twins() {
  const [gathered, plain] = [new Registry(), new Registry()];
  const told = { registers: [gathered], ...OPTIONS };
  const toldAtOnce = { registers: [plain], ...OPTIONS };
  return {
    counter: new GatheredCounter(['colour', 'size'], { name: 'things', ...told }),
    single: new GatheredCounter(['colour'], { name: 'colours', ...told }),
    histogram: new GatheredHistogram('colour', BUCKETS, { name: 'weights', ...told }),
    plain: {
      counter: new Counter({ name: 'things', labelNames: ['colour', 'size'], ...toldAtOnce }),
      single: new Counter({ name: 'colours', labelNames: ['colour'], ...toldAtOnce }),
      histogram: new Histogram({ name: 'weights', labelNames: ['colour'], buckets: BUCKETS, ...toldAtOnce }),
    },
    /** Line by line: new labels come in another order. */
    scrape: async () => {
      const texts = await Promise.all([gathered.metrics(), plain.metrics()]);
      return texts.map((text) => text.split('\n').sort());
    },
  };
}

const label = fc.constantFrom('red', 'green', 'b"lue\n', '');
const event = fc.oneof(
  fc.record({ colour: label, size: label, weight: fc.double({ min: 0, max: 100, noNaN: true }), times: fc.constantFrom(0, 1, 600) }), // prettier-ignore
  fc.constant('scrape' as const),
);

it('whatever comes, whenever it is asked for', () =>
  fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 20 }), async (events) => {
      const { plain, scrape, ...gathered } = twins();
      for (const happened of [...events, 'scrape' as const]) {
        if (happened === 'scrape') {
          const [told, toldAtOnce] = await scrape();
          expect(told).toEqual(toldAtOnce);
          continue;
        }
        const { colour, size, weight, times } = happened;
        gathered.counter.inc(colour, size, times);
        plain.counter.inc({ colour, size }, times);
        gathered.single.inc(colour);
        plain.single.inc({ colour });
        for (let time = 0; time < times; time++) {
          gathered.histogram.observe(colour, weight);
          plain.histogram.observe({ colour }, weight);
        }
      }
    }),
    { numRuns: 100 },
  ));

it('is told to whoever asks for JSON, as a cluster does, too', async () => {
  const registry = new Registry();
  const counter = new GatheredCounter(['colour'], { name: 'colours', registers: [registry], ...OPTIONS });
  counter.inc('red');
  counter.inc('red');
  expect(await registry.getMetricsAsJSON()).toMatchObject([{ values: [{ labels: { colour: 'red' }, value: 2 }] }]);
});
