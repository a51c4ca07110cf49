/** The alerts in the README: each speaks of metrics, and of labels, that the gateway really has. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { kick } from '../helpers/execute';
import { startTestIssuer } from '../helpers/issuer';
import { scrape, type Scrape } from '../helpers/scrape';
import { startTestApp } from '../helpers/start-app';

const readme = readFileSync(path.join(__dirname, '..', '..', 'README.md'), 'utf8');
const [, section = ''] = /^## Alerts\n(.*?)^## /ms.exec(readme) ?? [];

/** Alert by alert, its expression. */
const alerts = [...section.matchAll(/^\| (\w+) +\| `([^`]+)`/gm)].map(([, name = '', expression = '']) => ({
  name,
  expression,
}));

const METRIC = /\b((?:kick_gateway|nodejs|process)_\w+)(?:\{([^}]*)\})?/g;
/** Counters and gauges by their names, histograms by those of their series. */
const SERIES_OF_HISTOGRAM = /_(bucket|sum|count)$/;

let metrics: Scrape;
beforeAll(async () => {
  const issuer = await startTestIssuer();
  const app = { ...(await startTestApp(issuer.environment)), token: await issuer.issue() };
  const { demoUser, demoApp } = app.genauth.directory;
  await kick(app, { userId: demoUser.userId, appIds: [demoApp.appId] });
  metrics = await scrape(app);
});

const typeOf = (name: string) => new RegExp(`^# TYPE ${name} (\\w+)$`, 'm').exec(metrics.text)?.[1];

/** The series of a metric, as they were scraped. */
const seriesOf = (name: string) => metrics.text.split('\n').filter((line) => line.startsWith(`${name}{`));

it('are there', () => {
  expect(alerts.length).toBeGreaterThan(8);
  expect(section).not.toMatch(/\| `[^`]*\|[^`]*`/);
});

it.each(alerts)('$name', ({ expression }) => {
  const found = [...expression.matchAll(METRIC)];
  expect(found).not.toEqual([]);
  for (const [, name = '', selector = ''] of found) {
    const isPart = SERIES_OF_HISTOGRAM.test(name) && typeOf(name) === undefined;
    expect([name, typeOf(isPart ? name.replace(SERIES_OF_HISTOGRAM, '') : name)]).toEqual([
      name,
      isPart ? 'histogram' : expect.stringMatching(/counter|gauge/),
    ]);
    for (const [, label = '', operator = '', value = ''] of selector.matchAll(/(\w+)(=~|=)"([^"]*)"/g)) {
      const pattern = new RegExp(`[{,]${label}="${operator === '=' ? value.replace(/\W/g, '\\$&') : value}"[,}]`);
      expect([name, selector, seriesOf(name).some((line) => pattern.test(line))]).toEqual([name, selector, true]);
    }
  }
});

it('every metric of ours that the section names is there', () => {
  const named = [...section.matchAll(/\bkick_gateway_\w+/g)].map(([name]) => name.replace(SERIES_OF_HISTOGRAM, ''));
  expect(named.filter((name) => typeOf(name) === undefined)).toEqual([]);
});
